import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useState, type ReactNode } from "react";

interface DialogProps {
  title: string;
  text?: string;
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog, open while it is mounted. It takes the focus and restores it; Escape closes it. */
export function Dialog({ title, text, onClose, children }: DialogProps) {
  const [opener] = useState(() => document.activeElement);
  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content
          className="dialog"
          onCloseAutoFocus={() => opener instanceof HTMLElement && opener.focus()}
          {...(text ? {} : { "aria-describedby": undefined })}
        >
          <header className="dialog__head">
            <Radix.Title className="dialog__title">{title}</Radix.Title>
            <Radix.Close className="icon-button" aria-label="Close">
              <X className="icon" aria-hidden />
            </Radix.Close>
          </header>
          {text ? <Radix.Description className="dialog__text">{text}</Radix.Description> : null}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
