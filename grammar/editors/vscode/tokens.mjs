// The tokens that VS Code's own tokenizer gives to texts. In: a JSON list of texts on standard input. Out: for each
// text its lines, each a list of [from, to, scope] in UTF-16 units.
import fs from "node:fs";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const textmate = require("vscode-textmate");
const oniguruma = require("vscode-oniguruma");

const wasm = fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm);
const file = new URL("./syntaxes/policy.tmLanguage.json", import.meta.url);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(file, "utf8"), file.pathname),
});
const grammar = await registry.loadGrammar("source.policy");
const texts = JSON.parse(fs.readFileSync(0, "utf8"));
const made = texts.map((text) => {
  let state = textmate.INITIAL;
  return text.split("\n").map((line) => {
    const found = grammar.tokenizeLine(line, state);
    state = found.ruleStack;
    return found.tokens.map((t) => [t.startIndex, t.endIndex, t.scopes.slice(1).join(" ")]);
  });
});
process.stdout.write(JSON.stringify(made));
