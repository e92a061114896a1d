/** `<script src="…/checkout.js">`: the global `PaymentGateway`. */

import { define } from "./element.ts";
import { PaymentGateway } from "./gateway.ts";
import { remember } from "./script.ts";

// Only while the script runs for the first time; null in every callback.
const script = document.currentScript;
remember(script instanceof HTMLScriptElement ? script.src : null);
define();
Object.assign(window, { PaymentGateway });
