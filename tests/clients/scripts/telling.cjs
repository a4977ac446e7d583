// What every script shares: what is asked, and how that which a client saw is told.
// CommonJS, since only its imports heed NODE_PATH, and the packages lie elsewhere.

const ASKED = require("./asked.json");

const said = (content) => [{ role: "user", content }];

// Takes the steps one after another, and prints one JSON document: what each saw under its name. A step that throws is
// told with its stack, so that the others still have their say.
async function tell(steps) {
  const seen = {};
  for (const [name, step] of Object.entries(steps)) {
    try {
      seen[name] = await step();
    } catch (error) {
      seen[name] = { raised: error.stack };
    }
  }
  process.stdout.write(JSON.stringify(seen));
}

async function thrown(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

module.exports = { ASKED, said, tell, thrown };
