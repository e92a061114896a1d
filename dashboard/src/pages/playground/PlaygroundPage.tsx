import { Play } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useSearchParams } from "react-router";

import { ApiError } from "../../api/client";
import { useCreateOrder, useCreatePayment, type NewPayment } from "../../api/payments";
import type { OrderRequest } from "../../api/schema";
import { toMinor } from "../../format/money";
import { IS_TEST_GATEWAY, TEST_KEYS } from "../../session";
import { apiOrigin } from "../../told";
import { RoleButton } from "../../ui/Button";
import { Card, PageHead } from "../../ui/Card";
import { Code } from "../../ui/Code";
import { Choice, Field } from "../../ui/Field";
import { useTitle } from "../../ui/title";
import { ScenarioPicker } from "../simulator/ScenarioPicker";
import { Outcome } from "./Outcome";
import { asCurl, details, type Draft } from "./request";
import { CARDS, CURRENCIES, UPI } from "./scenarios";

const FIRST: Draft = {
  amount: "499.00",
  currency: "INR",
  method: "upi",
  instrument: UPI[0].instrument,
  capture: "automatic",
  scenario: "",
};

/** Make an order and pay it, with an ending of one's choice. No money moves. */
export function PlaygroundPage() {
  useTitle("Playground");
  const [query] = useSearchParams();
  const [draft, setDraft] = useState(() => ({ ...FIRST, scenario: query.get("scenario") ?? "" }));
  const [paymentId, setPaymentId] = useState<string | null>(null);
  const { pay, busy, error } = usePay(setPaymentId);
  const change = (changed: Partial<Draft>) => setDraft({ ...draft, ...changed });

  const minor = toMinor(draft.amount, draft.currency);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (minor !== null) void pay(draft, minor);
  };
  return (
    <div className="page">
      <PageHead title="Playground" lead="Make an order and pay it against the simulated processors. No money moves." />
      <div className="columns columns--even">
        <Card title="What to pay">
          <form className="form" onSubmit={submit} data-test-id="playground-form">
            <Basics draft={draft} isAmount={minor !== null} onChange={change} />
            <Instrument draft={draft} onChange={change} />
            {IS_TEST_GATEWAY ? (
              <ScenarioPicker
                label="Scenario"
                hint="Plays this, whatever the instrument says; the simulator explains each."
                none="What the instrument says"
                method={draft.method}
                value={draft.scenario}
                onChange={(scenario) => change({ scenario })}
              />
            ) : null}
            {error ? (
              <p className="field__error" role="alert">
                {error.message}
              </p>
            ) : null}
            <RoleButton
              needs="developer"
              look="primary"
              type="submit"
              icon={Play}
              busy={busy}
              disabled={minor === null}
              data-test-id="playground-pay-button"
            >
              Create and pay
            </RoleButton>
          </form>
        </Card>
        <div className="stack">
          <Outcome paymentId={paymentId} />
          <Card title="The same from a shell">
            <Code label="shell" text={asCurl(draft, minor ?? 0, apiOrigin(), TEST_KEYS)} />
          </Card>
        </div>
      </div>
    </div>
  );
}

interface PartProps {
  draft: Draft;
  onChange: (changed: Partial<Draft>) => void;
}

function Basics({ draft, isAmount, onChange }: PartProps & { isAmount: boolean }) {
  return (
    <>
      <div className="form__pair">
        <Field
          label="Amount"
          inputMode="decimal"
          value={draft.amount}
          error={isAmount ? null : `This is no amount in ${draft.currency}`}
          onChange={(event) => onChange({ amount: event.target.value })}
        />
        <Choice
          label="Currency"
          value={draft.currency}
          onChange={(event) => onChange({ currency: event.target.value })}
        >
          {CURRENCIES.map((currency) => (
            <option key={currency}>{currency}</option>
          ))}
        </Choice>
      </div>
      <Choice label="Capture" value={draft.capture} onChange={(event) => onChange({ capture: event.target.value })}>
        <option value="automatic">At once</option>
        <option value="manual">Hold the money, and capture it by hand</option>
      </Choice>
    </>
  );
}

function Instrument({ draft, onChange }: PartProps) {
  const isUpi = draft.method === "upi";
  const scenarios = isUpi ? UPI : CARDS;
  const known = scenarios.some(({ instrument }) => instrument === draft.instrument);
  return (
    <>
      <Choice
        label="Method"
        value={draft.method}
        onChange={({ target }) =>
          onChange({ method: target.value, instrument: (target.value === "upi" ? UPI : CARDS)[0].instrument })
        }
      >
        <option value="upi">UPI</option>
        <option value="card">Card</option>
      </Choice>
      <Choice
        label="Ending"
        value={known ? draft.instrument : ""}
        onChange={({ target }) => target.value && onChange({ instrument: target.value })}
      >
        {known ? null : <option value="">Follows the settings</option>}
        {scenarios.map(({ name, instrument }) => (
          <option key={instrument} value={instrument}>
            {name}
          </option>
        ))}
      </Choice>
      <Field
        label={isUpi ? "VPA" : "Card number"}
        spellCheck={false}
        autoComplete="off"
        hint="Choosing an ending fills this in; any other address or card follows the gateway’s settings."
        value={draft.instrument}
        onChange={(event) => onChange({ instrument: event.target.value })}
      />
    </>
  );
}

/** An order, then its payment; what the API refused is told as it said it. */
function usePay(onPaid: (paymentId: string) => void) {
  const order = useCreateOrder();
  const payment = useCreatePayment();
  const [error, setError] = useState<ApiError | null>(null);

  const pay = async (draft: Draft, amount: number) => {
    setError(null);
    try {
      const manual = draft.capture === "manual" ? ({ capture: "manual" } as const) : {};
      const made = await order.mutateAsync({
        amount,
        currency: draft.currency as OrderRequest["currency"],
        receipt: "playground",
        ...manual,
      });
      const body: NewPayment = { order_id: made.id, method: draft.method, ...details(draft) };
      onPaid((await payment.mutateAsync({ scenario: draft.scenario, body })).id);
    } catch (reason) {
      setError(reason instanceof ApiError ? reason : new ApiError(0, "UNKNOWN", "Something went wrong here"));
    }
  };
  return { pay, error, busy: order.isPending || payment.isPending };
}
