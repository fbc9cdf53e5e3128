/* Copyright (c) 2026, email_router.exchange_online contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 * How far each colour of the page stands out from its ground, as WCAG 2.2 computes it, from the styles as they are.
 */
(() => {
  const channels = (colour) => {
    const numbers = colour.match(/[\d.]+/g).map(Number);
    if (!colour.startsWith("rgb") || (numbers.length === 4 && numbers[3] !== 0 && numbers[3] !== 1)) {
      throw new Error(`a colour that is not understood: ${colour}`);
    }
    return numbers;
  };
  const isClear = (colour) => channels(colour)[3] === 0;
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour).slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [dark, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const groundOf = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    if (!isClear(colour)) {
      return colour;
    }
    return element.parentElement ? groundOf(element.parentElement) : "rgb(255, 255, 255)";
  };
  const nameOf = (element) => {
    const kind = typeof element.className === "string" ? element.className : element.className.baseVal;
    return `${element.tagName.toLowerCase()}${kind ? `.${kind}` : ""}`;
  };
  const probe = document.createElement("div");
  probe.style.setProperty("background-color", "var(--raised)");
  document.body.append(probe);
  const raised = getComputedStyle(probe).backgroundColor;
  probe.remove();

  const texts = new Map();
  const shapes = new Map();
  const note = (found, element, part, colour, ground) => {
    const entry = { what: `${nameOf(element)}${part}`, colour, ground, contrast: contrast(colour, ground) };
    found.set(JSON.stringify(entry), entry);
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());

  for (const element of document.body.querySelectorAll("*")) {
    if (["SCRIPT", "OPTION"].includes(element.tagName) || !element.checkVisibility()) {
      continue;
    }
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const grounds = element.closest("tr, button") && ground === groundOf(document.body) ? [ground, raised] : [ground];
    if (hasText(element) || ["SELECT", "INPUT"].includes(element.tagName)) {
      grounds.forEach((each) => note(texts, element, "", style.color, each));
    }
    for (const part of ["::before", "::after"]) {
      const drawn = getComputedStyle(element, part);
      if (!["none", "normal", '""'].includes(drawn.content)) {
        grounds.forEach((each) => note(texts, element, part, drawn.color, each));
      }
    }
    if (element.tagName === "rect" && element.getAttribute("width") !== "0.00") {
      note(shapes, element, "", style.fill, ground);
    }
    const isDisabled = element.getAttribute("aria-disabled") === "true";
    if (["BUTTON", "SELECT", "INPUT"].includes(element.tagName) && parseFloat(style.borderTopWidth) && !isDisabled) {
      note(shapes, element, " border", style.borderTopColor, groundOf(element.parentElement));
    }
  }
  return { texts: [...texts.values()], shapes: [...shapes.values()] };
})()
