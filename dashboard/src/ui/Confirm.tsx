import type { ReactNode } from "react";

import { Button } from "./Button";
import { Dialog } from "./Dialog";

interface ConfirmProps {
  title: string;
  text: string;
  /** The text of the button: the action, not “OK”. */
  act: string;
  isDangerous?: boolean;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
  children?: ReactNode;
}

/** Asks for confirmation before an action that cannot be undone. */
export function Confirm({ title, text, act, isDangerous, busy, onConfirm, onClose, children }: ConfirmProps) {
  return (
    <Dialog title={title} text={text} onClose={onClose}>
      {children}
      <div className="form__actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button look={isDangerous ? "danger" : "primary"} busy={busy} onClick={onConfirm} data-test-id="confirm-button">
          {act}
        </Button>
      </div>
    </Dialog>
  );
}
