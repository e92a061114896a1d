import { FastForward, Pause, Play, SkipForward } from "lucide-react";
import { useState, type FormEvent } from "react";

import { useAdvanceClock, useClock, useHoldClock, useReleaseClock } from "../../api/simulator";
import { formatShift, formatTime } from "../../format/time";
import { Badge } from "../../ui/Badge";
import { RoleButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Field } from "../../ui/Field";
import { Loaded } from "../../ui/States";
import { useNow } from "../../ui/Time";

const STEPS: [seconds: number, words: string][] = [
  [60, "1 min"],
  [900, "15 min"],
  [3_600, "1 h"],
  [86_400, "1 day"],
];

/** The test clock: show, stop, advance, release. */
export function ClockCard() {
  const clock = useClock();
  const advance = useAdvanceClock();
  const release = useReleaseClock();
  return (
    <Card title="Clock" note="For all processes, including retries and expiries" testId="clock">
      <Loaded query={clock} rows={3}>
        {({ now, held, shift_seconds }) => (
          <div className="form">
            <p className="page-head__money page-head__money--small">
              <Ticking now={now} readAt={clock.dataUpdatedAt} isHeld={held} />
              <Badge status={held ? "stopped clock" : "running"} />
            </p>
            {shift_seconds === 0 ? null : <p data-test-id="clock-shift">{formatShift(shift_seconds)}</p>}
            <div className="form__actions form__actions--start">
              {STEPS.map(([seconds, words]) => (
                <RoleButton
                  key={seconds}
                  needs="developer"
                  size="small"
                  icon={FastForward}
                  busy={advance.isPending && advance.variables.seconds === seconds}
                  onClick={() => advance.mutate({ seconds })}
                >
                  {words}
                </RoleButton>
              ))}
              <RoleButton
                needs="developer"
                size="small"
                icon={SkipForward}
                busy={advance.isPending && advance.variables.to_next === true}
                onClick={() => advance.mutate({ to_next: true })}
              >
                Next due work
              </RoleButton>
              {held || shift_seconds !== 0 ? (
                <RoleButton
                  needs="developer"
                  size="small"
                  look="primary"
                  icon={Play}
                  busy={release.isPending}
                  onClick={() => release.mutate(undefined)}
                >
                  Real time
                </RoleButton>
              ) : null}
            </div>
            <Hold />
          </div>
        )}
      </Loaded>
    </Card>
  );
}

interface TickingProps {
  now: string;
  /** When it was read, in the browser's ms. */
  readAt: number;
  isHeld: boolean;
}

function Ticking({ now, readAt, isHeld }: TickingProps) {
  const here = useNow();
  const shown = Date.parse(now) + (isHeld ? 0 : Math.max(0, here - readAt));
  return (
    <time className="time" dateTime={now} data-test-id="clock-now">
      {formatTime(new Date(shown).toISOString())}
    </time>
  );
}

function Hold() {
  const hold = useHoldClock();
  const [at, setAt] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // The field uses the browser's time zone.
    hold.mutate(at ? new Date(at).toISOString() : undefined);
  };
  return (
    <form className="form__line" onSubmit={submit}>
      <Field
        label="Stop at"
        type="datetime-local"
        step={1}
        value={at}
        hint="Empty: now. The clock cannot go backwards."
        error={hold.error?.message}
        onChange={(event) => setAt(event.target.value)}
      />
      <RoleButton needs="developer" type="submit" icon={Pause} busy={hold.isPending}>
        Stop clock
      </RoleButton>
    </form>
  );
}
