import { Button } from "./Button";
import { Copy } from "./Copy";
import { Dialog } from "./Dialog";

interface ShownOnceProps {
  title: string;
  /** Name → value. */
  values: [name: string, value: string][];
  onClose: () => void;
}

/** A value that is shown once: a new secret, a new password. */
export function ShownOnce({ title, values, onClose }: ShownOnceProps) {
  return (
    <Dialog title={title} text="Save it now: it is not shown again." onClose={onClose}>
      <div className="credentials" data-test-id="shown-once">
        {values.map(([name, value]) => (
          <div key={name} className="credential">
            <span className="credential__label">{name}</span>
            <span className="mono credential__value">{value}</span>
            <Copy text={value} what={name} />
          </div>
        ))}
      </div>
      <div className="form__actions">
        <Button look="primary" onClick={onClose}>
          I have saved it
        </Button>
      </div>
    </Dialog>
  );
}
