/**
 * The modals that are open, the newest on top.
 *
 * The browser keeps the focus in the newest, which is a modal dialog. Everything else also gets
 * the attribute `inert`, for tools that only know the attribute, and the page behind does not
 * scroll. The merchant's own attributes are restored when the last modal closes.
 */

const open: HTMLElement[] = [];
const stilled = new Set<Element>();
let overflowBefore = "";

export function push(modal: HTMLElement): void {
  if (open.length === 0) {
    overflowBefore = document.body.style.overflow;
    document.body.style.overflow = "hidden";
  }
  open.push(modal);
  arrange();
}

export function remove(modal: HTMLElement): void {
  const place = open.indexOf(modal);
  if (place < 0) return;
  open.splice(place, 1);
  modal.remove();
  arrange();
  if (open.length === 0) document.body.style.overflow = overflowBefore;
}

export function isOnTop(modal: HTMLElement): boolean {
  return open.at(-1) === modal;
}

function arrange(): void {
  for (const element of stilled) element.removeAttribute("inert");
  stilled.clear();
  const top = open.at(-1);
  if (!top) return;
  for (const element of document.body.children) {
    if (element === top || element.hasAttribute("inert")) continue;
    element.setAttribute("inert", "");
    stilled.add(element);
  }
}
