/** `import { PaymentGateway } from "…/checkout.mjs"`. */

import type * as Documented from "./checkout.d.ts";
import { define, PaygateCheckoutElement } from "./element.ts";
import { PaymentGateway } from "./gateway.ts";
import { remember } from "./script.ts";

remember(import.meta.url);
define();

// What is exported is what checkout.d.ts says, or this does not compile.
({ PaymentGateway, PaygateCheckoutElement }) satisfies typeof Documented;

export { PaygateCheckoutElement, PaymentGateway };
