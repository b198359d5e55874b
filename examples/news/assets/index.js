"use strict";
// Hides what was not asked for. What is asked for stands in the address after "#", so it can be linked to.
const form = document.getElementById("filter");
const boxes = [...form.querySelectorAll("input[type=checkbox]")];
const search = document.getElementById("crate");
const shown = document.getElementById("shown");
const sections = [...document.querySelectorAll("main section")].map((section) => ({
  section,
  rows: [...section.querySelectorAll("li")].map((row) => ({
    row,
    name: row.dataset.c.toLowerCase(),
    subjects: row.dataset.s.split("|"),
  })),
}));

function filter() {
  const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const text = search.value.trim().toLowerCase();
  let count = 0;
  for (const { section, rows } of sections) {
    let here = 0;
    for (const { row, name, subjects } of rows) {
      const fits = name.includes(text) && (wanted.size === 0 || subjects.some((subject) => wanted.has(subject)));
      if (row.hidden === fits) row.hidden = !fits;
      if (fits) here += 1;
    }
    if (section.hidden !== (here === 0)) section.hidden = here === 0;
    count += here;
  }
  shown.textContent = count + (count === 1 ? " release" : " releases");
  document.getElementById("none").hidden = count > 0 || sections.length === 0;
}

function remember() {
  const asked = new URLSearchParams();
  if (search.value.trim()) asked.set("crate", search.value.trim());
  for (const box of boxes) if (box.checked) asked.append("subject", box.value);
  history.replaceState(null, "", "#" + asked);
}

function recall() {
  if (/^#m\d+$/.test(location.hash)) return;
  const asked = new URLSearchParams(location.hash.slice(1));
  search.value = asked.get("crate") ?? "";
  for (const box of boxes) box.checked = asked.getAll("subject").includes(box.value);
  filter();
}

form.addEventListener("input", () => { filter(); remember(); });
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", recall);
recall();
