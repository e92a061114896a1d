/** Small tools for the document. Styles are set through the CSSOM: the page's
 * Content-Security-Policy allows no inline style. */

export function find<Kind extends HTMLElement = HTMLElement>(
  testId: string,
  within: ParentNode = document,
): Kind {
  const found = within.querySelector<Kind>(`[data-test-id="${testId}"]`);
  if (!found) throw new Error(`the page has no ${testId}`);
  return found;
}

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | boolean | undefined>> = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Show or hide, with the attribute and with `style.display`, which older clients' tests read. */
export function display(element: HTMLElement, isShown: boolean): void {
  element.hidden = !isShown;
  element.style.display = isShown ? "" : "none";
}

const SVG = "http://www.w3.org/2000/svg";

/** A decorative icon from path data. */
export function icon(...paths: readonly string[]): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  for (const data of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", data);
    svg.append(path);
  }
  return svg;
}
