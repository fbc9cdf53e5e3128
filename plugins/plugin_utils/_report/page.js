/* Copyright (c) 2026, email_router.exchange_online contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 * The table of the page at work: views, filters, order, pages, print. What is not the page's own is only ever text.
 */
"use strict";

(() => {
  const PAGE = 100;
  const PRINTED = 1000;
  // The fields of a row, in the order of page_rows.py. The first nine are the columns.
  const [VERDICT, OUTCOME, MAILBOX, ACCOUNT, DETAILS, ADDRESS, ATTENTION] = [0, 1, 2, 3, 8, 9, 10];
  const SEVERITY = ["fail", "warn", "ignore", "ok"];
  const FILTERS = [["outcome", OUTCOME], ["verdict", VERDICT], ["account", ACCOUNT]];
  // More than these are found by text: nobody scrolls through a list of thousands.
  const CHOICES = 300;

  const at = (id) => document.getElementById(id);
  const rows = JSON.parse(at("data").textContent);
  const body = at("body");
  const heads = [...document.querySelectorAll("#rows thead th")];
  const titles = heads.map((head) => head.textContent);
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const number = (value) => value.toLocaleString("en");
  const state = { attention: true, column: VERDICT, descending: false, page: 0 };
  let ordered = rows;
  let hits = [];
  let texts = null;

  const made = (name, properties, ...content) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...content);
    return element;
  };

  const foreign = (text) => made("bdi", {}, text);

  // ---- rows

  const contentOf = (row, column) => {
    switch (column) {
      case VERDICT:
        return [made("span", { className: `badge ${row[VERDICT]}` }, row[VERDICT])];
      case MAILBOX:
        return [foreign(row[MAILBOX]), ...(row[ADDRESS] ? [" ", made("span", { className: "address" }, foreign(row[ADDRESS]))] : [])];
      case ACCOUNT:
        return [foreign(row[ACCOUNT])];
      case DETAILS:
        return row[DETAILS].map((text) => made("p", {}, foreign(text)));
      default:
        return row[column] ? [row[column]] : [];
    }
  };

  const cellOf = (row, column) => {
    const cell = made(column === MAILBOX ? "th" : "td", {}, ...contentOf(row, column));
    if (column === MAILBOX) {
      cell.setAttribute("scope", "row");
    }
    cell.setAttribute("role", column === MAILBOX ? "rowheader" : "cell");
    cell.setAttribute("data-label", titles[column]);
    return cell;
  };

  const drawn = (row) => {
    const line = made("tr", {}, ...titles.map((title, column) => cellOf(row, column)));
    line.setAttribute("role", "row");
    return line;
  };

  const nothing = () => {
    if (!isFiltered()) {
      return state.attention ? "No row needs attention." : "There is no row.";
    }
    const others = `${number(hits.elsewhere)} ${hits.elsewhere === 1 ? "does" : "do"}`;
    return state.attention && hits.elsewhere
      ? `No row that needs attention matches; of all rows ${others}.`
      : "No row matches.";
  };

  const emptiness = () => {
    const cell = made("td", { colSpan: titles.length }, nothing());
    cell.setAttribute("role", "cell");
    const line = made("tr", {}, cell);
    line.setAttribute("role", "row");
    return line;
  };

  const fill = (from, to) => {
    const shown = hits.slice(from, to);
    body.replaceChildren(...(shown.length ? shown.map(drawn) : [emptiness()]));
  };

  // ---- order

  const keyOf = (row) => {
    switch (state.column) {
      case VERDICT:
        return String(SEVERITY.indexOf(row[VERDICT]));
      case DETAILS:
        return row[DETAILS].join(" ");
      default:
        return row[state.column];
    }
  };

  const order = () => {
    const sign = state.descending ? -1 : 1;
    const keyed = rows.map((row, place) => [keyOf(row), place]);
    keyed.sort((one, other) => sign * collator.compare(one[0], other[0]) || one[1] - other[1]);
    ordered = keyed.map(([, place]) => rows[place]);
    heads.forEach((head, column) => {
      if (column === state.column) {
        head.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      } else {
        head.removeAttribute("aria-sort");
      }
    });
  };

  const sortBy = (column) => {
    state.descending = column === state.column && !state.descending;
    state.column = column;
    state.page = 0;
    order();
    select();
  };

  // ---- filters

  const choices = FILTERS.map(([id, field]) => {
    const counted = new Map();
    rows.forEach((row) => counted.set(row[field], (counted.get(row[field]) || 0) + 1));
    const most = [...counted.keys()].sort((one, other) => counted.get(other) - counted.get(one));
    const values = most.slice(0, CHOICES).sort(collator.compare);
    const control = at(id);
    control.append(made("option", {}, "any"), ...values.map(() => made("option", {})));
    if (most.length > CHOICES) {
      control.append(made("option", { disabled: true }, "others: find them by text"));
    }
    return { control, field, values };
  });

  const chosen = ({ control, values }) => (control.selectedIndex > 0 ? values[control.selectedIndex - 1] : null);

  const isFiltered = () => at("text").value.trim() !== "" || choices.some((choice) => chosen(choice) !== null);

  const textsOf = () => {
    texts = texts || new Map(rows.map((row) => [row, row.slice(0, ATTENTION).flat().join("\n").toLowerCase()]));
    return texts;
  };

  // One pass: a row that only one filter refuses still counts among what that filter offers.
  const sift = () => {
    const terms = at("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = choices.map(chosen);
    const counts = choices.map(() => new Map());
    const views = { attention: 0, all: 0 };
    hits = [];
    for (const row of ordered) {
      if (terms.length && !terms.every((term) => textsOf().get(row).includes(term))) {
        continue;
      }
      const refusing = choices.filter(({ field }, which) => wanted[which] !== null && row[field] !== wanted[which]);
      const inView = !state.attention || row[ATTENTION];
      if (!refusing.length) {
        views.all += 1;
        views.attention += row[ATTENTION] ? 1 : 0;
        if (inView) {
          hits.push(row);
        }
      }
      choices.forEach((choice, which) => {
        if (inView && (!refusing.length || (refusing.length === 1 && refusing[0] === choice))) {
          counts[which].set(row[choice.field], (counts[which].get(row[choice.field]) || 0) + 1);
        }
      });
    }
    hits.elsewhere = views.all - views.attention;
    offer(counts, views);
  };

  const offer = (counts, views) => {
    choices.forEach(({ control, values }, which) => {
      values.forEach((value, place) => {
        control.options[place + 1].text = `${value} (${number(counts[which].get(value) || 0)})`;
      });
    });
    at("view-attention").textContent = `Needs attention (${number(views.attention)})`;
    at("view-all").textContent = `All rows (${number(views.all)})`;
  };

  // ---- the whole

  const select = () => {
    sift();
    draw();
  };

  const draw = () => {
    const pages = Math.max(1, Math.ceil(hits.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    const from = state.page * PAGE;
    fill(from, from + PAGE);
    const name = state.attention ? "Rows that need attention" : "All rows";
    at("caption").textContent = `${name}${isFiltered() ? ", filtered" : ""}: ${number(hits.length)} of ${number(rows.length)} rows`;
    at("hits").textContent = `${number(hits.length)} of ${number(rows.length)} rows`;
    at("clear").hidden = !isFiltered();
    at("view-attention").setAttribute("aria-pressed", String(state.attention));
    at("view-all").setAttribute("aria-pressed", String(!state.attention));
    at("pager").hidden = pages === 1;
    at("place").textContent = `Rows ${number(from + 1)} to ${number(Math.min(from + PAGE, hits.length))} of ${number(hits.length)}`;
    // Not disabled: a button that vanishes from under the focus throws a keyboard back to the page's top.
    ["first", "previous"].forEach((id) => at(`page-${id}`).setAttribute("aria-disabled", String(state.page === 0)));
    ["next", "last"].forEach((id) => at(`page-${id}`).setAttribute("aria-disabled", String(state.page === pages - 1)));
  };

  const turnTo = (page) => {
    const pages = Math.ceil(hits.length / PAGE);
    const wanted = Math.min(Math.max(page, 0), pages - 1);
    if (wanted !== state.page) {
      state.page = wanted;
      draw();
      at("rows").scrollIntoView({ block: "start" });
    }
  };

  const look = (attention) => {
    Object.assign(state, { attention, page: 0 });
    select();
  };

  const again = () => {
    state.page = 0;
    select();
  };

  const clear = () => {
    at("text").value = "";
    choices.forEach(({ control }) => { control.selectedIndex = 0; });
    again();
    at("text").focus();
  };

  // On paper there are no pages to turn: what is chosen is printed whole, as far as anybody reads paper.
  const print = () => {
    fill(0, PRINTED);
    if (hits.length > PRINTED) {
      at("caption").textContent += `, of which the first ${number(PRINTED)} are printed`;
    }
  };

  heads.forEach((head, column) => {
    head.dataset.title = titles[column]; // on paper, where a button is not drawn again on each page
    head.replaceChildren(made("button", { type: "button", onclick: () => sortBy(column) }, titles[column]));
  });
  at("text").addEventListener("input", again);
  choices.forEach(({ control }) => control.addEventListener("change", again));
  at("clear").addEventListener("click", clear);
  at("view-attention").addEventListener("click", () => look(true));
  at("view-all").addEventListener("click", () => look(false));
  at("page-first").addEventListener("click", () => turnTo(0));
  at("page-previous").addEventListener("click", () => turnTo(state.page - 1));
  at("page-next").addEventListener("click", () => turnTo(state.page + 1));
  at("page-last").addEventListener("click", () => turnTo(Infinity));
  window.addEventListener("beforeprint", print);
  window.addEventListener("afterprint", draw);
  at("controls").hidden = false;
  at("silent").hidden = true;
  state.attention = rows.some((row) => row[ATTENTION]);
  order();
  select();
})();
