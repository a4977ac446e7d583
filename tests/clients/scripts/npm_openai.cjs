// The OpenAI SDK for JavaScript asks for models, chats, streams, tools and structured answers.

const OpenAI = require("openai");
const { zodResponseFormat } = require("openai/helpers/zod");
const { z } = require("zod");
const { ASKED, said, tell, thrown } = require("./telling.cjs");

const client = new OpenAI({ baseURL: process.argv[2], apiKey: ASKED.key, maxRetries: 0 });
const chats = client.chat.completions;
const model = ASKED.model;
const Person = z.object({ name: z.string(), age: z.number().int(), languages: z.array(z.string()) });

async function models() {
  const ids = [];
  for await (const listed of client.models.list()) ids.push(listed.id);
  return ids;
}

async function chat() {
  const { choices, usage } = await chats.create({ model, messages: said(ASKED.one_word) });
  return {
    content: choices[0].message.content,
    reasoning: choices[0].message.reasoning_content,
    finish_reason: choices[0].finish_reason,
    sum: usage.prompt_tokens + usage.completion_tokens,
    total: usage.total_tokens,
  };
}

async function stream() {
  const asked = { model, messages: said(ASKED.long), stream: true, stream_options: { include_usage: true } };
  const seen = { content: [], reasoning: [], finish_reasons: [], usages: [] };
  for await (const chunk of await chats.create(asked)) {
    for (const { delta, finish_reason } of chunk.choices) {
      if (delta.content) seen.content.push(delta.content);
      if (delta.reasoning_content) seen.reasoning.push(delta.reasoning_content);
      if (finish_reason) seen.finish_reasons.push(finish_reason);
    }
    if (chunk.usage) seen.usages.push(chunk.usage.total_tokens);
  }
  return seen;
}

async function stream_helper() {
  const { choices } = await chats.stream({ model, messages: said(ASKED.long) }).finalChatCompletion();
  return { content: choices[0].message.content, finish_reason: choices[0].finish_reason };
}

// The SDK calls the function itself, sends what it returned, and asks again, until there is an answer.
const runner = (options) => {
  const cities = [];
  const get_weather = {
    ...ASKED.weather,
    parse: JSON.parse,
    function: ({ city }) => {
      cities.push(city);
      return ASKED.weather_told;
    },
  };
  const asked = { model, messages: said(ASKED.weather_wanted), tools: [{ type: "function", function: get_weather }] };
  return { cities, run: chats.runTools({ ...asked, ...options }) };
};

async function tools() {
  const { cities, run } = runner({});
  return { answer: await run.finalContent(), cities };
}

async function tools_streamed() {
  const { cities, run } = runner({ stream: true });
  return { answer: await run.finalContent(), cities };
}

async function parsed() {
  const asked = { model, messages: said(ASKED.person_wanted), response_format: zodResponseFormat(Person, "person") };
  const { choices } = await chats.parse(asked);
  return Person.parse(choices[0].message.parsed);
}

async function refused(call) {
  const { constructor, status, type, message } = await thrown(call);
  return { class: constructor.name, status, type, message };
}

const wrong_key = () =>
  refused(() => client.withOptions({ apiKey: ASKED.wrong_key }).models.list());

const unknown_model = () =>
  refused(() => chats.create({ model: "kimi-k99", messages: said(ASKED.one_word) }));

const wrong_temperature = () =>
  refused(() => chats.create({ model, messages: said(ASKED.one_word), temperature: 0.3 }));

tell({
  models, chat, stream, stream_helper, tools, tools_streamed, parsed, wrong_key, unknown_model, wrong_temperature,
});
