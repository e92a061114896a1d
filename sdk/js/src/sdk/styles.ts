/**
 * The modal's styles. `all: initial` resets the merchant's own `.modal-content` rules; the id in
 * each selector overrides the rest. The modal is fixed at the top and grows downwards, so that
 * elements do not move when a form opens.
 */
const RULES = `
#payment-gateway-modal{all:initial;display:block;position:fixed;inset:0;width:auto;height:auto;overflow:hidden;z-index:2147483647;color-scheme:light dark}
#payment-gateway-modal::backdrop{background:none}
#payment-gateway-modal .modal-overlay{all:initial;position:fixed;inset:0;display:flex;justify-content:center;align-items:flex-start;box-sizing:border-box;padding:max(20px,min(9vh,calc(50vh - 360px))) 20px 20px;background:rgba(13,18,33,.62);backdrop-filter:blur(3px);animation:paygate-fade .18s ease-out}
#payment-gateway-modal .modal-content{all:initial;position:relative;display:block;box-sizing:border-box;width:100%;max-width:440px;height:100%;max-height:min(100%,var(--paygate-height,640px));overflow:hidden;border-radius:18px;background:#fff;box-shadow:0 24px 70px rgba(8,12,28,.42);transition:max-height .22s ease;animation:paygate-rise .26s cubic-bezier(.2,.8,.3,1)}
#payment-gateway-modal iframe{all:initial;display:block;width:100%;height:100%;border:0;color-scheme:light dark}
#payment-gateway-modal .close-button{all:initial;position:absolute;top:10px;right:10px;display:grid;place-items:center;width:44px;height:44px;border-radius:50%;color:#4a5268;font:300 26px/1 system-ui,sans-serif;cursor:pointer;transition:background .15s}
#payment-gateway-modal .close-button:hover{background:rgba(110,120,150,.16)}
#payment-gateway-modal .close-button:focus-visible,#payment-gateway-modal iframe:focus-visible{outline:2px solid #3b5bdb;outline-offset:-3px}
@media (prefers-color-scheme:dark){#payment-gateway-modal .modal-content{background:#161a26}#payment-gateway-modal .close-button{color:#b9c0d4}}
@media (max-width:520px){#payment-gateway-modal .modal-overlay{padding:0}#payment-gateway-modal .modal-content{max-width:none;max-height:none;border-radius:0}}
@media (prefers-reduced-motion:reduce){#payment-gateway-modal *{animation:none!important;transition:none!important}}
@keyframes paygate-fade{from{opacity:0}}
@keyframes paygate-rise{from{opacity:0;transform:translateY(14px) scale(.985)}}
`;

let isInstalled = false;

/** Add the rules to the document, once. A constructed stylesheet is allowed by any style-src. */
export function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(RULES);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
