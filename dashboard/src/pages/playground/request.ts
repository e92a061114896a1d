/** The requests of the playground, and the same as a shell command. */

export interface Draft {
  /** The input, in the currency's major unit. */
  amount: string;
  currency: string;
  method: string;
  instrument: string;
  capture: string;
  /** The scenario, which overrides the instrument; empty for none. */
  scenario: string;
}

/** The fields of the payment method. */
export function details({ method, instrument }: Draft): Record<string, unknown> {
  if (method === "upi") return { vpa: instrument.trim() };
  // Valid for years, so that only the number matters.
  const expiry_year = String(new Date().getFullYear() + 5);
  const card = {
    number: instrument,
    expiry_month: "12",
    expiry_year,
    cvv: cvvFor(instrument),
    holder_name: "Asha Rao",
  };
  return { card };
}

export function asCurl(draft: Draft, amount: number, api: string, keys: { key: string; secret: string }): string {
  const { currency, capture, method, scenario } = draft;
  const order = JSON.stringify({ amount, currency, ...(capture === "manual" ? { capture } : {}) });
  const payment = JSON.stringify({ order_id: "ORDER", method, ...details(draft) }).replace('"ORDER"', `"'$ORDER'"`);
  return `API=${api}/api/v1
KEYS='-H X-Api-Key:${keys.key || "YOUR_API_KEY"}
  -H X-Api-Secret:${keys.secret || "YOUR_API_SECRET"}'

ORDER=$(curl -s $API/orders $KEYS \\
  -d '${order}' \\
  | sed 's/.*"id":"\\(order_[A-Za-z0-9]*\\)".*/\\1/')
curl -s $API/payments $KEYS ${scenario ? `-H Paygate-Scenario:${scenario} ` : ""}\\
  -d '${payment}'`;
}

/** American Express has four digits. */
function cvvFor(number: string): string {
  return /^3[47]/.test(number) ? "1234" : "123";
}
