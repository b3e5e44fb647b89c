// Starts `policy lsp` over standard input and output. In: the settings `policy.*`. Out: a language client; everything
// else is the server's, so that every editor has the same. Absent: commands of code lenses, which the client registers
// because the server announces them, and the files to watch, which the server names.
const vscode = require("vscode");
const { LanguageClient, RevealOutputChannelOn } = require("vscode-languageclient/node");

let client;

function settings() {
  return vscode.workspace.getConfiguration("policy");
}

function command() {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  return settings().get("command", "policy").replaceAll("${workspaceFolder}", folder);
}

async function start() {
  const program = command();
  const made = new LanguageClient(
    "policy",
    "Policy",
    { command: program, args: ["lsp"] },
    {
      documentSelector: [
        { scheme: "file", language: "policy" },
        { scheme: "untitled", language: "policy" },
      ],
      initializationOptions: { on: settings().get("on", "") },
      revealOutputChannelOn: RevealOutputChannelOn.Never,
    },
  );
  try {
    await made.start();
    client = made;
  } catch (error) {
    const told = `policy: \`${program} lsp\` does not start (${error.message ?? error}). Install it with ` +
      "`pip install 'policy-that-runs[lsp]'`, or name the program in the setting policy.command.";
    const answer = await vscode.window.showErrorMessage(told, "Open Settings");
    if (answer) await vscode.commands.executeCommand("workbench.action.openSettings", "policy.command");
  }
}

async function stop() {
  const old = client;
  client = undefined;
  await old?.stop();
}

async function restart() {
  await stop();
  await start();
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("policy.restart", restart),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (["policy.command", "policy.on"].some((name) => change.affectsConfiguration(name))) await restart();
    }),
  );
  if (vscode.workspace.isTrusted) await start();
  else context.subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(start));
};

exports.deactivate = stop;
