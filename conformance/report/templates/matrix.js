// Shows the requirements and servers that a reader asks for; without it the page shows all of them.
"use strict";
{
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const controls = [...find.querySelectorAll("input, select")];
  const overview = [...document.querySelectorAll(".overview-part")];
  const tables = [...document.querySelectorAll(".profile")].map(section => ({
    section,
    heads: [...section.querySelectorAll("[data-server]")],
    bodies: [...section.querySelectorAll("tbody")],
    rows: [...section.querySelectorAll(".row")].map(row => ({
      row,
      text: row.cells[0].textContent.toLowerCase(),
      area: row.parentElement.dataset.area,
      cells: [...row.cells].slice(1),
    })),
  }));
  const asked = name => document.getElementById("find-" + name)?.value ?? "";
  const shown = element => !element.hidden;
  const bad = cell => cell.matches(".failed, .cantTell");

  // Whether a row is asked for, given the numbers of the servers that are.
  const matches = ({row, text, area, cells}, servers) =>
    asked("text").toLowerCase().split(/\s+/).every(word => text.includes(word))
    && ["", area].includes(asked("area"))
    && (!asked("level") || row.classList.contains(asked("level").toLowerCase()))
    && (!asked("stage") || Number(row.dataset.stage) <= Number(asked("stage")))
    && (!asked("outcome") || servers.some(number => bad(cells[number])));

  const filter = table => {
    const {section, heads, bodies, rows} = table;
    for (const head of heads) head.hidden = !["", head.dataset.server].includes(asked("server"));
    const servers = [...heads.keys()].filter(number => shown(heads[number]));
    for (const one of rows) {
      one.row.hidden = !matches(one, servers);
      one.cells.forEach((cell, number) => { cell.hidden = heads[number].hidden; });
    }
    for (const body of bodies) body.hidden = ![...body.querySelectorAll(".row")].some(shown);
    section.hidden = !servers.length || !rows.some(one => shown(one.row));
  };

  // One line for each table: on which servers everything that is shown passed, and how much on the others.
  const results = ({section, heads, rows}) => {
    const kept = rows.filter(one => shown(one.row));
    const whole = [], part = [];
    heads.forEach((head, number) => {
      if (head.hidden) return;
      const name = head.querySelector(".server").textContent;
      const passed = kept.filter(one => one.cells[number].matches(".passed")).length;
      if (passed === kept.length) whole.push(name); else part.push(`${name} ${passed}`);
    });
    const line = document.createElement("p");
    const counted = `${kept.length} requirement${kept.length === 1 ? "" : "s"}`;
    line.textContent = `${section.querySelector("h3").textContent}: ${counted}. `
      + (whole.length ? `✓ All passed on ${whole.join(", ")}. ` : "")
      + (part.length ? `Passed of ${kept.length}: ${part.join(", ")}.` : "");
    return line;
  };

  const apply = () => {
    tables.forEach(filter);
    const filtered = controls.some(control => control.value);
    for (const part of overview) part.hidden = filtered;
    const left = tables.filter(table => shown(table.section));
    found.replaceChildren(...(filtered ? left.map(results) : []));
    if (!left.length) found.textContent = "No requirement matches.";
  };

  const reset = () => {
    for (const control of controls) control.value = "";
    apply();
  };

  // A link leads to its target also if that is filtered out.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target?.closest("[hidden]")) return;
    reset();
    target.scrollIntoView();
  };

  find.addEventListener("input", apply);
  document.getElementById("find-reset").addEventListener("click", reset);
  addEventListener("hashchange", reveal);
  addEventListener("pageshow", apply);
  find.hidden = false;
  apply();
}
