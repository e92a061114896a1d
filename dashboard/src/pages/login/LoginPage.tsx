import { useState, type FormEvent } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { ApiError } from "../../api/client";
import { IS_TEST_GATEWAY, signIn, TEST_EMAIL } from "../../session";
import { Mark } from "../../shell/Mark";
import { nextPlace } from "../../shell/next";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { useTitle } from "../../ui/title";

/** The login page; it continues to the requested page. */
export function LoginPage() {
  useTitle("Sign in");
  return (
    <main className="login">
      <div className="login__card">
        <div className="brand login__brand">
          <Mark />
          <span className="brand__name">paygate</span>
        </div>
        <h1 className="login__title">Sign in to the dashboard</h1>
        <LoginForm />
      </div>
    </main>
  );
}

function LoginForm() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [query] = useSearchParams();
  const navigate = useNavigate();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      // Users of several merchants need a link with the merchant's id.
      await signIn(email, password, query.get("merchant"));
      await navigate(nextPlace(query));
    } catch (reason) {
      setError(reason instanceof ApiError ? reason.message : "Sign-in failed");
      setBusy(false);
    }
  };
  return (
    <form className="form" data-test-id="login-form" onSubmit={(event) => void submit(event)} aria-label="Sign in">
      <Field
        label="Email"
        type="email"
        data-test-id="email-input"
        placeholder={IS_TEST_GATEWAY ? TEST_EMAIL : undefined}
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
        hint={IS_TEST_GATEWAY ? `In test mode ${TEST_EMAIL} accepts any password.` : undefined}
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {error ? (
        <p className="field__error" role="alert" data-test-id="login-error">
          {error}
        </p>
      ) : null}
      <Button look="primary" type="submit" busy={busy} data-test-id="login-button">
        Sign in
      </Button>
    </form>
  );
}
