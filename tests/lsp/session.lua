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

local function at(line, word)
  local text = vim.api.nvim_buf_get_lines(0, line, line + 1, false)[1]
  vim.api.nvim_win_set_cursor(0, { line + 1, (text:find(word, 1, true)) })
end

local function asked(client, method, params)
  local answer = vim.lsp.buf_request_sync(0, method, params, 60000)
  assert(answer and answer[client] and answer[client].result, method .. " was not answered")
  return answer[client].result
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

  -- complete: the word before the cursor is `mo`
  vim.api.nvim_buf_set_lines(0, last + 2, last + 2, false, { "value g(n: integer) -> boolean = n < mo" })
  vim.api.nvim_win_set_cursor(0, { last + 3, 39 })
  local place = vim.lsp.util.make_position_params(0, "utf-16")
  place.position.character = 39
  local matches = {}
  local offered = vim.lsp.util.text_document_completion_list_to_complete_items(
    asked(client, "textDocument/completion", place), "mo"
  )
  for _, item in ipairs(offered) do table.insert(matches, item.word) end
  note("complete: " .. table.concat(matches, ","))
  vim.api.nvim_buf_set_lines(0, last + 2, last + 3, false, {})
  until_found("")

  -- rename: the parameter, where it is declared and where it is used
  at(last, "most")
  local naming = vim.lsp.util.make_position_params(0, "utf-16")
  naming.newName = "highest"
  vim.lsp.util.apply_workspace_edit(asked(client, "textDocument/rename", naming), "utf-16")
  until_found("")
  for _, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    if line:find("highest", 1, true) then note("renamed: " .. line) end
  end

  -- a lens runs the test below it
  local lenses = asked(client, "textDocument/codeLens", { textDocument = vim.lsp.util.make_text_document_params(0) })
  for _, lens in ipairs(lenses) do
    if lens.command.command == "policy.runTest" then
      local failed = asked(client, "workspace/executeCommand", lens.command)
      note("test: " .. (#failed == 0 and "passed" or failed[1]))
    end
  end
end)
if not ok then note("failed: " .. failure) end
leave()
