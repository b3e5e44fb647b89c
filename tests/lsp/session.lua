-- A session of headless Neovim: opens a file of rules, types, reads the findings, makes the fix, reads them again.
-- nvim --clean --headless -l is newer than Debian's; this is run with `-c "luafile …"`. It writes what it saw to $SEEN.
local seen = {}
local function note(what) table.insert(seen, what) end

local function leave()
  local file = io.open(vim.env.SEEN, "w")
  file:write(table.concat(seen, "\n") .. "\n")
  file:close()
  vim.cmd("qa!")
end

local function codes()
  local found = {}
  for _, d in ipairs(vim.diagnostic.get(0)) do
    table.insert(found, d.code or (d.user_data and d.user_data.lsp and d.user_data.lsp.code) or "?")
  end
  table.sort(found)
  return table.concat(found, ",")
end

local function until_found(wanted)
  local there = vim.wait(60000, function() return codes() == wanted end, 50)
  note((there and "found: " or "not found: ") .. codes())
end

local ok, failure = pcall(function()
  vim.cmd("edit " .. vim.env.RULES)
  local client = vim.lsp.start_client({
    name = "policy", cmd = { vim.env.PYTHON, "-m", "policy", "lsp" }, root_dir = vim.fn.getcwd(),
  })
  vim.lsp.buf_attach_client(0, client)
  vim.wait(60000, function() return vim.lsp.buf_get_clients(0)[client] ~= nil end, 50)
  until_found("provision-without-rule,unused-parameter")
  local last = vim.api.nvim_buf_line_count(0)
  vim.api.nvim_buf_set_lines(0, last, last, false, {
    "value f(n: integer) -> boolean = n <= mst per LAW/2",
    'test "t" zh "試" on 2026-03-01 expect f(1) = true',
  })
  until_found("unknown-name")
  local params = {
    textDocument = vim.lsp.util.make_text_document_params(0),
    context = { diagnostics = {} },
    range = { start = { line = last, character = 0 }, ["end"] = { line = last, character = 60 } },
  }
  local answer = vim.lsp.buf_request_sync(0, "textDocument/codeAction", params, 60000)
  local action = answer[client].result[1]
  note("fix: " .. action.title)
  vim.lsp.util.apply_workspace_edit(action.edit, "utf-16")
  until_found("")
  note("line: " .. vim.api.nvim_buf_get_lines(0, last, last + 1, false)[1])
end)
if not ok then note("failed: " .. failure) end
leave()
