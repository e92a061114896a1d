import { UserPlus, Users } from "lucide-react";
import { useState, type FormEvent } from "react";

import { faultOf } from "../../api/action";
import { useChangeMember, useInvite, useNewPassword, useTeam } from "../../api/people";
import type { PasswordReset, User } from "../../api/schema";
import { ROLE_NAMES, ROLE_NOTES, ROLES, useMay, useSession } from "../../roles";
import type { Role } from "../../session";
import { Badge } from "../../ui/Badge";
import { Button, RoleButton } from "../../ui/Button";
import { Card, PageHead } from "../../ui/Card";
import { Dialog } from "../../ui/Dialog";
import { Facts } from "../../ui/Facts";
import { Field } from "../../ui/Field";
import { RoleChoice } from "../../ui/RoleChoice";
import { ShownOnce } from "../../ui/ShownOnce";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Ago, Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";

/** The users of this dashboard, and their roles. */
export function TeamPage() {
  useTitle("Team");
  const team = useTeam();
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<PasswordReset | null>(null);
  return (
    <div className="page">
      <PageHead
        title="Team"
        lead="The users of this dashboard, and their roles."
        actions={
          <RoleButton needs="owner" look="primary" icon={UserPlus} onClick={() => setAdding(true)}>
            Add user
          </RoleButton>
        }
      />
      <Card flush>
        <Loaded query={team} rows={4}>
          {(rows) => (
            <Table
              label="Team"
              testId="team-table"
              columns={columns(setMade)}
              rows={rows}
              keyOf={(member) => member.id}
              rowProps={(member) => ({ "data-test-id": "member-row", "data-member-id": member.id })}
              empty={<Empty icon={Users} title="No users yet" />}
            />
          )}
        </Loaded>
      </Card>
      <Card title="Roles" note="Each role includes the ones above it">
        <Facts facts={ROLES.map((role) => [ROLE_NAMES[role], ROLE_NOTES[role]])} />
      </Card>
      {isAdding ? <InviteDialog onMade={setMade} onClose={() => setAdding(false)} /> : null}
      {made ? (
        <ShownOnce
          title="New user"
          values={[
            ["Email", made.email],
            ["Password", made.password],
          ]}
          onClose={() => setMade(null)}
        />
      ) : null}
    </div>
  );
}

function columns(onPassword: (made: PasswordReset) => void): Column<User>[] {
  return [
    { title: "Email", cell: ({ email }) => <span className="strong">{email}</span> },
    { title: "Role", cell: (member) => <RoleOf member={member} /> },
    { title: "Status", cell: ({ is_active }) => <Badge status={is_active ? "active" : "disabled"} /> },
    { title: "Added", cell: ({ created_at }) => <Time at={created_at} /> },
    { title: "Last signed in", cell: ({ last_login_at: at }) => (at ? <Ago at={at} /> : "never") },
    { title: "", align: "end", cell: (member) => <Actions member={member} onPassword={onPassword} /> },
  ];
}

function RoleOf({ member }: { member: User }) {
  const may = useMay("owner");
  const change = useChangeMember();
  if (!may.isAllowed) return ROLE_NAMES[member.role];
  return (
    <select
      className="input select input--small"
      aria-label={`Role of ${member.email}`}
      value={member.role}
      onChange={({ target }) => change.mutate({ id: member.id, role: target.value as Role })}
    >
      {ROLES.map((role) => (
        <option key={role} value={role}>
          {ROLE_NAMES[role]}
        </option>
      ))}
    </select>
  );
}

function Actions({ member, onPassword }: { member: User; onPassword: (made: PasswordReset) => void }) {
  const { user } = useSession();
  const change = useChangeMember();
  const renew = useNewPassword();
  // Users change their own account on its page.
  if (member.id === user.id) return <span className="actions__note">you</span>;
  return (
    <div className="actions">
      <RoleButton
        needs="owner"
        look="quiet"
        size="small"
        busy={renew.isPending}
        aria-label={`New password for ${member.email}`}
        onClick={() => renew.mutate(member, { onSuccess: onPassword })}
      >
        Reset password
      </RoleButton>
      <RoleButton
        needs="owner"
        look={member.is_active ? "danger" : "plain"}
        size="small"
        busy={change.isPending}
        aria-label={`${member.is_active ? "Disable" : "Enable"} ${member.email}`}
        onClick={() => change.mutate({ id: member.id, is_active: !member.is_active })}
      >
        {member.is_active ? "Disable" : "Enable"}
      </RoleButton>
    </div>
  );
}

function InviteDialog({ onMade, onClose }: { onMade: (made: PasswordReset) => void; onClose: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("support");
  const invite = useInvite();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate(
      { email: email.trim(), role },
      {
        onSuccess: (made) => {
          onMade(made);
          onClose();
        },
      },
    );
  };
  return (
    <Dialog title="Add user" text="A password is generated and shown once." onClose={onClose}>
      <form className="form" onSubmit={submit} data-test-id="invite-form">
        <Field
          label="Email"
          type="email"
          required
          value={email}
          error={faultOf(invite.error, "email")}
          onChange={({ target }) => setEmail(target.value)}
        />
        <RoleChoice value={role} error={faultOf(invite.error, "role")} onChange={setRole} />
        <div className="form__actions">
          <Button onClick={onClose}>Cancel</Button>
          <RoleButton needs="owner" look="primary" type="submit" busy={invite.isPending}>
            Add user
          </RoleButton>
        </div>
      </form>
    </Dialog>
  );
}
