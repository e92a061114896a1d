/** Instruments of the simulated processors. Each always has the same outcome. */

export interface Scenario {
  name: string;
  /** A VPA or a card number. */
  instrument: string;
}

export const UPI: [Scenario, ...Scenario[]] = [
  { name: "Pays", instrument: "asha@paytm" },
  { name: "Declined by the bank", instrument: "failure@upi" },
  { name: "Insufficient funds", instrument: "insufficient@upi" },
  { name: "Declined by the payer", instrument: "rejected@upi" },
  { name: "Payer does not respond", instrument: "timeout@upi" },
  { name: "Succeeds, refunds fail", instrument: "norefund@upi" },
];

export const CARDS: [Scenario, ...Scenario[]] = [
  { name: "Pays (Visa)", instrument: "4111111111111111" },
  { name: "Pays (Mastercard)", instrument: "5555555555554444" },
  { name: "Pays (American Express)", instrument: "378282246310005" },
  { name: "Pays (RuPay)", instrument: "6011111111111117" },
  { name: "Declined by the bank", instrument: "4000000000000002" },
  { name: "Insufficient funds", instrument: "4000000000009995" },
  { name: "Card has expired", instrument: "4000000000000069" },
  { name: "Card is blocked", instrument: "4000000000009987" },
  { name: "Above the limit", instrument: "4000000000006975" },
  { name: "Authentication fails", instrument: "4000000000000127" },
  { name: "Suspected fraud", instrument: "4100000000000019" },
  { name: "Processor error", instrument: "4000000000000119" },
  { name: "Succeeds, refunds fail", instrument: "4000000000000341" },
];

export const CURRENCIES = ["INR", "USD", "EUR", "JPY", "KWD"];
