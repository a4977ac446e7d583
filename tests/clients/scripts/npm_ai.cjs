// The AI SDK asks through its own provider for Moonshot.

const { APICallError, Output, generateText, stepCountIs, streamText, tool, jsonSchema } = require("ai");
const { createMoonshotAI } = require("@ai-sdk/moonshotai");
const { z } = require("zod");
const { ASKED, tell, thrown } = require("./telling.cjs");

const provider = (apiKey) => createMoonshotAI({ baseURL: process.argv[2], apiKey });
const model = provider(ASKED.key)(ASKED.model);
const common = { model, maxRetries: 0 };
const Person = z.object({ name: z.string(), age: z.number(), languages: z.array(z.string()) });

const told = async ({ text, reasoningText, finishReason, usage, warnings }) => {
  const { inputTokens, outputTokens, totalTokens, outputTokenDetails } = await usage;
  return {
    text: await text,
    reasoning: await reasoningText,
    finish_reason: await finishReason,
    sum: inputTokens + outputTokens,
    total: totalTokens,
    reasoning_tokens: outputTokenDetails.reasoningTokens,
    warnings: await warnings,
  };
};

const chat = async () => told(await generateText({ ...common, prompt: ASKED.one_word }));

async function stream() {
  const kinds = [];
  const errors = [];
  const streamed = streamText({ ...common, prompt: ASKED.long, onError: ({ error }) => errors.push(String(error)) });
  for await (const { type } of streamed.fullStream) kinds.push(type);
  return { kinds, errors, ...(await told(streamed)) };
}

// The SDK calls the function itself, sends what it returned, and asks again, until there is an answer.
const withTool = (cities) => ({
  ...common,
  prompt: ASKED.weather_wanted,
  stopWhen: stepCountIs(3),
  tools: {
    [ASKED.weather.name]: tool({
      description: ASKED.weather.description,
      inputSchema: jsonSchema(ASKED.weather.parameters),
      execute: ({ city }) => {
        cities.push(city);
        return ASKED.weather_told;
      },
    }),
  },
});

async function tools() {
  const cities = [];
  const { text, steps } = await generateText(withTool(cities));
  return { answer: text, cities, finish_reasons: steps.map((step) => step.finishReason) };
}

async function tools_streamed() {
  const cities = [];
  const streamed = streamText(withTool(cities));
  const answer = await streamed.text;
  return { answer, cities, finish_reasons: (await streamed.steps).map((step) => step.finishReason) };
}

const output = Output.object({ schema: Person });

async function structured() {
  return (await generateText({ ...common, prompt: ASKED.person_wanted, output })).output;
}

async function structured_stream() {
  return streamText({ ...common, prompt: ASKED.person_wanted, output }).output;
}

async function refused(changed) {
  const error = await thrown(() => generateText({ ...common, prompt: ASKED.one_word, ...changed }));
  return { is_call_error: APICallError.isInstance(error), status: error.statusCode, message: error.message };
}

const wrong_key = () => refused({ model: provider(ASKED.wrong_key)(ASKED.model) });
const unknown_model = () => refused({ model: provider(ASKED.key)("kimi-k99") });

tell({ chat, stream, tools, tools_streamed, structured, structured_stream, wrong_key, unknown_model });
