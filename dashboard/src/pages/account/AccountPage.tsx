import { KeyRound, LogOut } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useNavigate } from "react-router";

import { faultOf, fieldOf, useAction } from "../../api/action";
import { ROLE_NAMES, ROLE_NOTES, useSession } from "../../roles";
import { changePassword, signOut } from "../../session";
import { chooseTheme, useTheme, type Theme } from "../../theme";
import { Button } from "../../ui/Button";
import { Card, PageHead } from "../../ui/Card";
import { Facts } from "../../ui/Facts";
import { Field } from "../../ui/Field";
import { Segments } from "../../ui/Segments";
import { Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";

const THEMES: [Theme, string][] = [
  ["system", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
];

/** The user's account, password and theme. */
export function AccountPage() {
  useTitle("Account");
  const theme = useTheme();
  return (
    <div className="page">
      <PageHead title="Account" lead="Your account in this dashboard." />
      <div className="columns">
        <You />
        <Password />
        <Card title="Colours" note="In this browser">
          <Segments label="Colours" values={THEMES} value={theme} onChange={chooseTheme} />
        </Card>
      </div>
    </div>
  );
}

function You() {
  const { user, merchant, expires_at, is_operator } = useSession();
  const navigate = useNavigate();
  const leave = async () => {
    await signOut();
    await navigate("/login");
  };
  return (
    <Card title="You" testId="account">
      <Facts
        facts={[
          ["Email", user.email],
          ["Merchant", merchant.name],
          ["Role", `${ROLE_NAMES[user.role]}: ${ROLE_NOTES[user.role]}`],
          ["Operator", is_operator ? "yes, including plugins and workers" : null],
          ["Signed in until", <Time key="until" at={expires_at} />],
        ]}
      />
      <div className="form__actions form__actions--start">
        <Button size="small" icon={LogOut} onClick={() => void leave()}>
          Sign out
        </Button>
      </div>
    </Card>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const change = useAction(
    () => changePassword(current, fresh),
    () => "Password changed; all other sessions have ended",
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(undefined, {
      onSuccess: () => {
        setCurrent("");
        setFresh("");
      },
    });
  };
  return (
    <Card title="Password" note="A change ends all your other sessions">
      <form className="form" onSubmit={submit} data-test-id="password-form">
        <Field
          label="Current password"
          type="password"
          autoComplete="current-password"
          required
          value={current}
          error={faultOf(change.error, "current_password")}
          onChange={({ target }) => setCurrent(target.value)}
        />
        <Field
          label="New password"
          type="password"
          autoComplete="new-password"
          required
          value={fresh}
          error={faultOf(change.error, "new_password")}
          onChange={({ target }) => setFresh(target.value)}
        />
        {change.error && fieldOf(change.error) === "password" ? (
          <p className="field__error">{change.error.message}</p>
        ) : null}
        <div className="form__actions form__actions--start">
          <Button look="primary" type="submit" icon={KeyRound} busy={change.isPending}>
            Change password
          </Button>
        </div>
      </form>
    </Card>
  );
}
