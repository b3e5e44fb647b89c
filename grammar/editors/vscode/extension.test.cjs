// extension.js with VS Code and its language client replaced by what records their calls: `node --test`.
const { test } = require("node:test");
const assert = require("node:assert");
const Module = require("node:module");

function activated({ command = "policy", trusted = true, fails = "" }) {
  const calls = { started: [], messages: [], commands: {} };
  const values = { command, on: "2026-03-01" };
  const granted = [];
  const vscode = {
    workspace: {
      isTrusted: trusted,
      workspaceFolders: [{ uri: { fsPath: "/rules" } }],
      getConfiguration: () => ({ get: (name) => values[name] }),
      onDidChangeConfiguration: (then) => (calls.changed = then),
      onDidGrantWorkspaceTrust: (then) => granted.push(then),
    },
    window: { showErrorMessage: async (text) => void calls.messages.push(text) },
    commands: { registerCommand: (name, then) => (calls.commands[name] = then) },
  };
  class LanguageClient {
    constructor(id, name, server, options) {
      Object.assign(this, { server, options });
    }
    async start() {
      if (fails) throw new Error(fails);
      calls.started.push(this);
    }
    async stop() {
      calls.stopped = (calls.stopped ?? 0) + 1;
    }
  }
  const load = Module._load;
  Module._load = (name, ...rest) =>
    name === "vscode" ? vscode
      : name.startsWith("vscode-languageclient") ? { LanguageClient, RevealOutputChannelOn: { Never: 4 } }
      : load(name, ...rest);
  delete require.cache[require.resolve("./extension.js")];
  const extension = require("./extension.js");
  Module._load = load;
  return extension.activate({ subscriptions: [] }).then(() => ({ calls, granted, extension, values }));
}

test("the server is `policy lsp`, told the date", async () => {
  const { calls } = await activated({});
  assert.deepEqual(calls.started.map((c) => c.server), [{ command: "policy", args: ["lsp"] }]);
  assert.deepEqual(calls.started[0].options.initializationOptions, { on: "2026-03-01" });
});

test("the program may stand in the folder", async () => {
  const { calls } = await activated({ command: "${workspaceFolder}/.venv/bin/policy" });
  assert.equal(calls.started[0].server.command, "/rules/.venv/bin/policy");
});

test("a folder that is not trusted starts no program until it is", async () => {
  const { calls, granted } = await activated({ trusted: false });
  assert.equal(calls.started.length, 0);
  await granted[0]();
  assert.equal(calls.started.length, 1);
});

test("a server that does not start is told with what to do", async () => {
  const { calls, extension } = await activated({ fails: "spawn policy ENOENT" });
  assert.match(calls.messages[0], /`policy lsp` does not start \(spawn policy ENOENT\).*pip install.*policy\.command/);
  await extension.deactivate();
  assert.equal(calls.stopped, undefined);
});

test("another date starts it again", async () => {
  const { calls } = await activated({});
  await calls.changed({ affectsConfiguration: (name) => name === "policy.on" });
  assert.equal(calls.stopped, 1);
  assert.equal(calls.started.length, 2);
  await calls.changed({ affectsConfiguration: () => false });
  assert.equal(calls.started.length, 2);
});
