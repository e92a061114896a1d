import { Play } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useSearchParams } from "react-router";

import { ApiError } from "../../api/client";
import { useCreateOrder, useCreatePayment, type NewPayment } from "../../api/payments";
import type { OrderRequest } from "../../api/schema";
import { toMinor } from "../../format/money";
import { IS_TEST_GATEWAY, TEST_KEYS } from "../../session";
import { apiOrigin } from "../../page-meta";
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

/** Creates an order and pays it, with a chosen outcome. No money is moved. */
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
      <PageHead title="Playground" lead="Create an order and pay it with the simulated processors. No money is moved." />
      <div className="columns columns--even">
        <Card title="Payment">
          <form className="form" onSubmit={submit} data-test-id="playground-form">
            <Basics draft={draft} isAmount={minor !== null} onChange={change} />
            <Instrument draft={draft} onChange={change} />
            {IS_TEST_GATEWAY ? (
              <ScenarioPicker
                label="Scenario"
                hint="Overrides the instrument. The simulator page explains all scenarios."
                none="By instrument"
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
          <Card title="Shell command">
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
          error={isAmount ? null : `Not a valid amount in ${draft.currency}`}
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
        <option value="automatic">Automatic</option>
        <option value="manual">Manual: authorize, then capture</option>
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
        {known ? null : <option value="">By settings</option>}
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
        hint="An outcome fills this in. Any other VPA or card uses the gateway’s settings."
        value={draft.instrument}
        onChange={(event) => onChange({ instrument: event.target.value })}
      />
    </>
  );
}

/** Creates an order and its payment; shows errors of the API. */
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
      setError(reason instanceof ApiError ? reason : new ApiError(0, "UNKNOWN", "Unexpected error"));
    }
  };
  return { pay, error, busy: order.isPending || payment.isPending };
}
