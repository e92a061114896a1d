import { CircleAlert, CircleCheck, X } from "lucide-react";
import { Toast } from "radix-ui";
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";

interface Notice {
  kind: "done" | "failed";
  text: string;
  /** Undoes the action. */
  undo?: () => void;
}

interface Shown extends Notice {
  id: number;
}

const SHOWN_MS = 6_000;
const UNDO_MS = 15_000;
const Context = createContext<{ show: (notice: Notice) => void } | null>(null);

/** Returns a function that shows a notice. */
export function useNotices() {
  const context = useContext(Context);
  if (!context) throw new Error("there is no <Notices> around this");
  return context;
}

/** Shows the notices. */
export function Notices({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<Shown[]>([]);
  const show = useCallback((notice: Notice) => {
    // At most three: the newest ones matter.
    setNotices((shown) => [...shown.slice(-2), { ...notice, id: (shown.at(-1)?.id ?? 0) + 1 }]);
  }, []);
  const drop = (id: number) => setNotices((shown) => shown.filter((one) => one.id !== id));
  const context = useMemo(() => ({ show }), [show]);

  return (
    <Context value={context}>
      <Toast.Provider swipeDirection="right" label="Notice">
        {children}
        {notices.map((notice) => (
          <NoticeCard key={notice.id} notice={notice} onClose={() => drop(notice.id)} />
        ))}
        <Toast.Viewport className="notices" label="Notices ({hotkey})" />
      </Toast.Provider>
    </Context>
  );
}

function NoticeCard({ notice, onClose }: { notice: Shown; onClose: () => void }) {
  const Icon = notice.kind === "done" ? CircleCheck : CircleAlert;
  return (
    <Toast.Root
      className={`notice notice--${notice.kind}`}
      duration={notice.undo ? UNDO_MS : SHOWN_MS}
      onOpenChange={(open) => open || onClose()}
    >
      <Icon className="icon notice__icon" aria-hidden />
      <Toast.Description className="notice__text">{notice.text}</Toast.Description>
      {notice.undo ? (
        <Toast.Action className="button button--plain button--small" altText="Undo" onClick={notice.undo}>
          Undo
        </Toast.Action>
      ) : null}
      <Toast.Close className="icon-button" aria-label="Dismiss">
        <X className="icon" aria-hidden />
      </Toast.Close>
    </Toast.Root>
  );
}
