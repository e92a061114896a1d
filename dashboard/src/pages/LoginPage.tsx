import { KeyRound } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useNavigate } from "react-router";

import { ApiError } from "../api/client";
import { Mark } from "../shell/Nav";
import { signIn, signInForTests, TEST_EMAIL } from "../session";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { useTitle } from "../ui/title";

/** The way in: the test merchant's address, or API credentials. */
export function LoginPage() {
  const [byKey, setByKey] = useState(false);
  useTitle("Sign in");
  return (
    <main className="login">
      <div className="login__card">
        <div className="brand login__brand">
          <Mark />
          <span className="brand__name">paygate</span>
        </div>
        <h1 className="login__title">Sign in to the dashboard</h1>
        {byKey ? <KeyForm /> : <TestForm />}
        <Button look="quiet" icon={KeyRound} onClick={() => setByKey(!byKey)}>
          {byKey ? "Use the test merchant" : "Use API credentials"}
        </Button>
      </div>
    </main>
  );
}

function TestForm() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { error, busy, submit } = useSignIn(() => signInForTests(email));
  return (
    <form className="form" data-test-id="login-form" onSubmit={submit} aria-label="Sign in">
      <Field
        label="Email"
        type="email"
        data-test-id="email-input"
        placeholder={TEST_EMAIL}
        autoComplete="username"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Field
        label="Password"
        type="password"
        data-test-id="password-input"
        autoComplete="current-password"
        hint="In test mode any password will do."
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Refusal text={error} />
      <Button look="primary" type="submit" busy={busy} data-test-id="login-button">
        Sign in
      </Button>
    </form>
  );
}

function KeyForm() {
  const [apiKey, setApiKey] = useState("");
  const [apiSecret, setApiSecret] = useState("");
  const { error, busy, submit } = useSignIn(() => signIn({ apiKey: apiKey.trim(), apiSecret: apiSecret.trim() }));
  return (
    <form className="form" onSubmit={submit} aria-label="Sign in with API credentials">
      <Field
        label="API key"
        required
        autoComplete="off"
        spellCheck={false}
        value={apiKey}
        onChange={(event) => setApiKey(event.target.value)}
      />
      <Field
        label="API secret"
        type="password"
        required
        autoComplete="off"
        hint="Kept in this tab until you sign out or close it."
        value={apiSecret}
        onChange={(event) => setApiSecret(event.target.value)}
      />
      <Refusal text={error} />
      <Button look="primary" type="submit" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}

function Refusal({ text }: { text: string | null }) {
  return text ? (
    <p className="field__error" role="alert" data-test-id="login-error">
      {text}
    </p>
  ) : null;
}

function useSignIn(attempt: () => Promise<unknown>) {
  const navigate = useNavigate();
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await attempt();
      await navigate("/dashboard");
    } catch (reason) {
      setError(reason instanceof ApiError ? reason.message : "Signing in failed");
      setBusy(false);
    }
  };
  return { error, busy, submit: (event: FormEvent) => void submit(event) };
}
