/** `import { PaymentGateway } from "…/checkout.mjs"`. */

import type * as Documented from "./checkout.d.ts";
import { define, PaygateCheckoutElement } from "./element.ts";
import { PaymentGateway } from "./gateway.ts";
import { remember } from "./script.ts";

remember(import.meta.url);
define();

// Only compiles if the exports match checkout.d.ts.
({ PaymentGateway, PaygateCheckoutElement }) satisfies typeof Documented;

export { PaygateCheckoutElement, PaymentGateway };
