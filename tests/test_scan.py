"""``scan`` finds in people's projects what is gone, belongs to another host, or will be refused; and no more."""

import pytest

DAY = "2026-11-24"


@pytest.fixture
def scanned(cli, folder):
    """Write files, scan their folder, and return what was found as (rule, file, line, what to use)."""

    def call(*options: str, **files: str) -> list[tuple[str, str, int, str | None]]:
        for name, text in files.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        found = cli("scan", ".", "--as-of", DAY, "--json", *options).document["found"]
        return [(one["rule"], one["file"], one["line"], one["use"]) for one in found]

    return call


class TestRetiredIds:
    def test_an_id_in_a_call_of_the_openai_sdk(self, scanned):
        text = """\
            from openai import OpenAI
            client = OpenAI(base_url="https://api.moonshot.ai/v1")
            client.chat.completions.create(model="kimi-k2.5", messages=[])
        """
        assert scanned(**{"app.py": text}) == [("retired-id", "app.py", 3, "kimi-k2.6")]

    @pytest.mark.parametrize(
        "text",
        [
            'MODEL = "kimi-k2.5"\n',
            'def ask(model: str | None = "kimi-k2.5"): ...\n',
            'if model == "kimi-k2.5":\n    pass\n',
            'models = ["kimi-k2.5"]\n',
            'model = "kimi-k2.5" if fast else "kimi-k2.6"\n',
            'os.getenv("KIMI_MODEL", "kimi-k2.5")\n',
        ],
    )
    def test_an_id_anywhere_in_python(self, scanned, text):
        assert scanned(**{"app.py": text}) == [("retired-id", "app.py", 1, "kimi-k2.6")]

    @pytest.mark.parametrize(
        "text",
        [
            "const model = 'kimi-k2.5'\n",
            "const m = fast ? `kimi-k2.5` : 'kimi-k2.6'\n",
            "switch (m) { case 'kimi-k2.5': break }\n",
            "export const options: Options = { model: 'kimi-k2.5' }\n",
            "class A { model: string = 'kimi-k2.5'; }\n",
        ],
    )
    def test_an_id_anywhere_in_typescript(self, scanned, text):
        assert scanned(**{"app.ts": text}) == [("retired-id", "app.ts", 1, "kimi-k2.6")]

    def test_an_id_in_an_env_file_and_in_a_list_of_its_own(self, scanned):
        text = "export KIMI_MODEL='kimi-k2.5'\nMODELS=kimi-k2.6, moonshot-v1-8k # all of them\n"
        assert scanned(**{".env.local": text}) == [
            ("retired-id", ".env.local", 1, "kimi-k2.6"),
            ("retired-id", ".env.local", 2, "kimi-k2.6"),
        ]

    def test_an_id_in_the_environment_of_docker_compose(self, scanned):
        text = """\
services:
  web:
    environment:
      - MODEL=kimi-k2.5
      - OTHER=x
  worker:
    environment: {MODEL: kimi-latest}
"""
        assert scanned(**{"docker-compose.yml": text}) == [
            ("retired-id", "docker-compose.yml", 4, "kimi-k2.6"),
            ("retired-id", "docker-compose.yml", 7, "kimi-k2.6"),
        ]

    def test_an_id_that_litellm_routes_keeps_its_route(self, scanned):
        text = "model_list:\n- model_name: kimi\n  litellm_params: {model: moonshot/kimi-k2.5}\n"
        assert scanned(**{"litellm.yaml": text}) == [("retired-id", "litellm.yaml", 3, "moonshot/kimi-k2.6")]

    def test_a_model_is_found_from_the_day_after_its_last(self, scanned):
        file = {"settings.toml": '[kimi]\nmodel = "kimi-k2.5"\n'}
        assert scanned("--as-of", "2026-08-31", **file) == []
        assert scanned("--as-of", "2026-09-01", **file) == [("retired-id", "settings.toml", 2, "kimi-k2.6")]

    def test_what_to_use_is_what_was_to_be_had_on_the_day(self, scanned):
        file = {"settings.json": '{"model": "kimi-latest"}'}
        assert scanned("--as-of", "2026-03-01", **file) == [("retired-id", "settings.json", 1, "kimi-k2.5")]

    def test_the_day_and_the_page_are_told(self, cli, folder):
        (folder / "a.json").write_text('{"model": "kimi-k2.5"}')
        (found,) = cli("scan", "a.json", "--as-of", DAY, "--json").document["found"]
        assert found["what"] == "kimi-k2.5 was to be had until 2026-08-31"
        assert found["source"] == "https://platform.kimi.ai/docs/platform-changelog"
        assert (found["line"], found["column"]) == (1, 12)

    @pytest.mark.parametrize("url", ["http://localhost:8000/v1", "https://api.together.xyz/v1"])
    def test_a_host_of_somebody_else_may_still_serve_it(self, scanned, url):
        assert scanned(**{"a.toml": f'base_url = "{url}"\nmodel = "kimi-k2.5"\n'}) == []

    def test_a_gateway_may_still_serve_it(self, scanned):
        text = 'base_url = "https://openrouter.ai/api/v1"\nmodel = "moonshotai/kimi-k2.5"\n'
        assert scanned(**{"a.toml": text}) == []


class TestIdsOfAnotherHost:
    @pytest.mark.parametrize(
        ("url", "model", "use"),
        [
            ("https://api.moonshot.ai/v1", "moonshotai/kimi-k2.6", "kimi-k2.6"),
            ("https://api.moonshot.cn/v1", "moonshot/kimi-k2-6", "kimi-k2.6"),
            ("https://api.moonshot.ai/v1", "moonshotai/kimi-k2.5", "kimi-k2.6"),
            ("https://api.moonshot.ai/v1", "moonshotai/kimi-k2.6:free", "kimi-k2.6"),
            ("https://openrouter.ai/api/v1", "kimi-k2.6", "moonshotai/kimi-k2.6"),
            ("https://openrouter.ai/api/v1", "moonshot/kimi-k2-6", "moonshotai/kimi-k2.6"),
            ("https://api.aimlapi.com/v1", "moonshotai/kimi-k2.6", "moonshot/kimi-k2-6"),
            ("https://api.aimlapi.com/v1", "kimi-k2.5", "moonshot/kimi-k2-6"),
            ("https://openrouter.ai/api/v1", "moonshot-v1-8k", "moonshotai/kimi-k2.6"),
        ],
    )
    def test_the_id_to_use_there_today_is_told(self, scanned, url, model, use):
        text = f'client = OpenAI(base_url="{url}")\nclient.create(model="{model}")\n'
        assert scanned(**{"a.py": text}) == [("wrong-host", "a.py", 2, use)]

    @pytest.mark.parametrize(
        ("url", "model"),
        [
            ("https://api.aimlapi.com/v1", "moonshotai/kimi-k3"),
            ("https://openrouter.ai/api/v1", "moonshotai/kimi-k3"),
            ("https://openrouter.ai/api/v1", "moonshotai/kimi-k2.6:free"),
            ("https://api.moonshot.ai/v1/chat/completions", "kimi-k2.6"),
            ("https://gateway.example/v1", "moonshotai/kimi-k2.6"),
            ("https://openrouter.ai/docs", "kimi-k2.6"),
        ],
    )
    def test_an_id_on_a_host_that_knows_it_is_right(self, scanned, url, model):
        assert scanned(**{"a.json": f'{{"baseUrl": "{url}", "model": "{model}"}}'}) == []

    def test_an_id_with_a_route_for_any_host_keeps_it(self, scanned):
        text = 'completion(model="openai/kimi-k2.6", api_base="https://api.aimlapi.com/v1")\n'
        assert scanned(**{"a.py": text}) == [("wrong-host", "a.py", 1, "openai/moonshot/kimi-k2-6")]

    def test_each_object_has_a_base_url_of_its_own(self, scanned):
        text = """\
{"providers": {
  "openrouter": {"baseUrl": "https://openrouter.ai/api/v1", "models": {"moonshotai/kimi-k2.6": {}}},
  "moonshot": {"baseUrl": "https://api.moonshot.ai/v1",
    "models": ["kimi-k2.6", "moonshotai/kimi-k2.6"]}
}}"""
        assert scanned(**{"providers.json": text}) == [("wrong-host", "providers.json", 4, "kimi-k2.6")]

    def test_a_table_of_toml_belongs_to_the_one_above_it(self, scanned):
        text = """\
[a]
base_url = "https://openrouter.ai/api/v1"
[a.chat]
model = "kimi-k2.6"
[b]
base_url = "https://api.moonshot.ai/v1"
[[b.models]]
id = "kimi-k2.6"
"""
        assert scanned(**{"a.toml": text}) == [("wrong-host", "a.toml", 4, "moonshotai/kimi-k2.6")]

    def test_a_file_with_two_clients_leaves_open_which_is_asked(self, scanned):
        text = """\
one = OpenAI(base_url="https://openrouter.ai/api/v1")
two = OpenAI(base_url="https://api.moonshot.ai/v1")
one.create(model="moonshotai/kimi-k2.6")
two.create(model="kimi-k2.6")
"""
        assert scanned(**{"a.py": text}) == []

    def test_a_fetch_of_javascript(self, scanned):
        text = """\
await fetch("https://api.moonshot.ai/v1/chat/completions", {
  method: "POST", // moonshotai/kimi-k2.6
  body: JSON.stringify({ model: "moonshotai/kimi-k2.6" }),
})
"""
        assert scanned(**{"a.mjs": text}) == [("wrong-host", "a.mjs", 3, "kimi-k2.6")]

    @pytest.mark.parametrize(
        ("model", "use"),
        [
            ("openrouter/kimi-k2.6", "openrouter/moonshotai/kimi-k2.6"),
            ("aiml/kimi-k2.6", "aiml/moonshot/kimi-k2-6"),
            ("moonshot/moonshotai/kimi-k2.6", "moonshot/kimi-k2.6"),
        ],
    )
    def test_a_route_of_litellm_to_a_host_that_does_not_know_the_id(self, scanned, model, use):
        text = f"model_list:\n  - model_name: kimi\n    litellm_params: {{model: {model}}}\n"
        # In the code it is somebody's own name, which a proxy resolves.
        found = scanned(**{"a.yaml": text, "a.py": f"create(model='{model}')\n"})
        assert found == [("wrong-host", "a.yaml", 3, use)]

    def test_a_route_of_litellm_names_the_host(self, scanned):
        text = 'url = "https://api.moonshot.ai/v1"\ncompletion(model="openrouter/moonshotai/kimi-k2.6")\n'
        assert scanned(**{"a.py": text}) == []


class TestParametersThatAreRefused:
    @pytest.mark.parametrize(
        ("name", "text", "line"),
        [
            ("a.py", 'client.create(\n    model="kimi-k2.6",\n    temperature=0.3,\n)\n', 3),
            ("a.py", 'ChatOpenAI(model_name="kimi-k3", model_kwargs={"top_p": 0.8})\n', 1),
            ("a.py", 'body = {"model": "kimi-k2.7-code", "n": 2}\n', 1),
            ("a.py", 'create(model="kimi-k2.6", logprobs=True)\n', 1),
            ("a.ts", "generateText({ model: moonshotai('kimi-k2.6'), topP: 0.8 })\n", 1),
            ("a.ts", "new ChatOpenAI({ model: 'kimi-k2.6',\n  presencePenalty: 0.5 })\n", 2),
            ("a.json", '{"model": "kimi-k2.6", "frequency_penalty": -1}', 1),
            ("a.yaml", "model: kimi-k2.6\ntemperature: 0.2\n", 2),
            ("a.toml", '[llm]\nmodel = "kimi-k2.6"\ntemperature = 0.2\n', 3),
            ("a.yaml", "litellm_params:\n  model: openai/kimi-k2.6\n  n: 3\n", 3),
        ],
    )
    def test_a_value_beside_its_model(self, scanned, name, text, line):
        ((rule, file, found, _),) = scanned(**{name: text})
        assert (rule, file, found) == ("refused-parameter", name, line)

    @pytest.mark.parametrize(
        ("thinking", "temperature", "refused"),
        [
            ("enabled", "1", False),
            ("enabled", "0.3", True),
            ("disabled", "1", True),
            ("disabled", "0.6", False),
            # One source says that it is taken.
            ("enabled", "0.6", False),
        ],
    )
    def test_the_mode_that_the_request_asks_for_decides(self, scanned, thinking, temperature, refused):
        body = f'extra_body={{"thinking": {{"type": "{thinking}"}}}}'
        text = f'create(model="kimi-k2.6", temperature={temperature}, {body})\n'
        assert bool(scanned(**{"a.py": text})) is refused

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.py", 'create(model="kimi-k2.6", temperature=1)\n'),
            ("a.py", 'create(model="kimi-k2.6", temperature=0.6)\n'),
            ("a.py", 'create(model="kimi-k2.6", temperature=given or 0.3)\n'),
            ("a.py", 'create(model=model, temperature=0.3)\ncreate(model="kimi-k2.6")\n'),
            ("a.py", 'model = "kimi-k2.6"\ntemperature = 0.3\n'),
            ("a.py", 'def ask(model="kimi-k2.6", temperature=0.3): ...\n'),
            ("a.js", 'function f() {\n  const model = "kimi-k2.6"\n  const temperature = 0.3\n}\n'),
            ("a.json", '{"model": "kimi-k2.6", "options": {"temperature": "low"}}'),
            ("a.json", '{"base_url": "https://openrouter.ai/api/v1", "model": "moonshotai/kimi-k2.6", "n": 2}'),
            (".env", "MODEL=kimi-k2.6\nTEMPERATURE=0.3\n"),
        ],
    )
    def test_what_may_be_taken_is_not_complained_of(self, scanned, name, text):
        assert scanned(**{name: text}) == []

    def test_a_bracket_inside_a_regular_expression_does_not_hide_what_follows(self, scanned):
        text = "const r = { a: /[(]/ }\nask({ model: 'kimi-k2.6', n: 2 })\n"
        assert [one[0] for one in scanned(**{"a.js": text})] == ["refused-parameter"]


class TestRegions:
    def test_a_key_whose_name_tells_of_another_region(self, scanned):
        text = 'OpenAI(api_key=os.environ["MOONSHOT_CN_API_KEY"], base_url="https://api.moonshot.ai/v1")\n'
        assert scanned(**{"a.py": text}) == [("wrong-region", "a.py", 1, "https://api.moonshot.cn/v1")]

    def test_one_variable_for_both_regions_of_a_configuration(self, scanned):
        text = """\
model_list:
  - model_name: a
    litellm_params: {api_base: "https://api.moonshot.ai/v1", api_key: os.environ/MOONSHOT_API_KEY}
  - model_name: b
    litellm_params: {api_base: "https://api.moonshot.cn/v1", api_key: os.environ/MOONSHOT_API_KEY}
"""
        assert scanned(**{"a.yaml": text}) == [
            ("wrong-region", "a.yaml", 5, "a variable of its own for api.moonshot.cn")
        ]

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (".env", "MOONSHOT_API_KEY=x\nMOONSHOT_BASE_URL=https://api.moonshot.cn/v1\n"),
            (".env", "MOONSHOT_CN_API_KEY=x\nMOONSHOT_BASE_URL=https://api.moonshot.cn/v1\n"),
            ("a.py", 'url = "https://api.moonshot.cn/v1" if cn else "https://api.moonshot.ai/v1"\nMOONSHOT_API_KEY\n'),
            ("a.py", 'url = "https://api.moonshot.ai/v1"\nkey = os.environ.get("MOONSHOT_CN_API_KEY")\n'),
        ],
    )
    def test_what_may_be_right_is_not_complained_of(self, scanned, name, text):
        assert scanned(**{name: text}) == []


class TestProse:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("README.md", "Set `model` to kimi-k2.5.\n"),
            ("a.py", '"""Ask kimi-k2.5."""\n# model="kimi-k2.5"\n'),
            ("a.py", 'print("kimi-k2.5 was retired")\n'),
            ("a.py", 'parser.add_argument(help="kimi-k2.5, for example")\n'),
            ("a.ts", "// 'kimi-k2.5'\n/* const m = 'kimi-k2.5' */\n"),
            ("a.json", '{"description": "kimi-k2.5", "title": "kimi-k2.5"}'),
            ("a.jsonc", '{\n  // "model": "kimi-k2.5"\n}'),
            ("a.yaml", "# model: kimi-k2.5\nsummary: kimi-k2.5\nnotes: [kimi-k2.5]\n"),
            ("a.toml", '# model = "kimi-k2.5"\n'),
            (".env", "# MODEL=kimi-k2.5\n"),
            ("a.py", 'messages = [{"role": "user", "content": "kimi-k2.5"}]\n'),
        ],
    )
    def test_ids_in_prose_are_no_complaint(self, scanned, name, text):
        assert scanned(**{name: text, "z.py": ""}) == []

    @pytest.mark.parametrize(
        "text", ["my-kimi-k2.5", "kimi-k2.5-custom", "kimi-k2.50", "acme/kimi-k2.5", "kimi-k2.5.gguf", "Kimi-K2.5"]
    )
    def test_an_id_inside_another_word_is_none(self, scanned, text):
        assert scanned(**{"a.py": f'model = "{text}"\n'}) == []

    def test_a_table_of_prices_may_speak_of_what_was(self, scanned):
        assert scanned(**{"a.py": 'PRICES = {"kimi-k2.5": 0.6, "kimi-k2.6": 0.95}\n'}) == []

    def test_an_alias_of_litellm_is_no_id(self, scanned):
        text = "model_list:\n- model_name: kimi-k2.5\n  litellm_params: {model: openrouter/moonshotai/kimi-k2.5}\n"
        assert scanned(**{"a.yaml": text}) == []
