// Finds rules by their words. Without it the page is whole; the controls are made here, so that they are not there either.
(() => {
  const zh = document.documentElement.lang.startsWith("zh");
  const both = !zh && document.querySelector("header .zh");
  const say = (en, chinese) => (zh ? chinese : both ? `${en} ${chinese}` : en);
  const known = { official: "官方文本", secondary: "二手資料", press: "報章", house: "自訂" };
  const rows = [".entry", "main section > .wide > table > tbody.row", "main .wide > table > tbody > tr"];
  const nodes = rows.map((row) => [...document.querySelectorAll(row)]).find((found) => found.length) || [];
  const entries = nodes.map((node) => [node, node.textContent.toLowerCase()]);
  const statuses = [...new Set(entries.map(([node]) => node.dataset.status).filter(Boolean))].sort();
  const form = document.createElement("form");
  form.className = "seek";
  form.setAttribute("role", "search");
  const input = document.createElement("input");
  input.type = "search";
  const select = document.createElement("select");
  for (const status of ["", ...statuses]) select.add(new Option(status ? say(status, known[status]) : say("any", "全部"), status));
  const found = document.createElement("output");
  for (const [control, words] of [[input, say("Find in this page", "在本頁尋找")], [select, say("Resting on", "依據來源")]]) {
    const label = document.createElement("label");
    label.append(words, control);
    form.append(label);
  }
  if (!statuses.length) select.parentElement.remove();
  form.append(found);
  const show = () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [node, text] of entries) {
      const fits = wanted.every((word) => text.includes(word)) && (!select.value || node.dataset.status === select.value);
      node.hidden = !fits;
      shown += fits;
    }
    const seeking = Boolean(wanted.length || select.value);
    for (const section of document.querySelectorAll(".concern")) {
      section.hidden = seeking && !section.querySelector(".entry:not([hidden])");
    }
    found.textContent = seeking ? `${shown} / ${entries.length}` : "";
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector("main").prepend(form);
})();
