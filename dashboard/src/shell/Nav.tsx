import {
  ArrowLeftRight,
  BookOpen,
  FlaskConical,
  LayoutDashboard,
  ReceiptText,
  RotateCcw,
  ServerCog,
  Webhook,
  type LucideIcon,
} from "lucide-react";
import { NavLink } from "react-router";

import { useWorkStatus } from "../api/queries";

interface Place {
  to: string;
  name: string;
  icon: LucideIcon;
}

const MONEY: Place[] = [
  { to: "/dashboard", name: "Overview", icon: LayoutDashboard },
  { to: "/dashboard/transactions", name: "Transactions", icon: ArrowLeftRight },
  { to: "/dashboard/orders", name: "Orders", icon: ReceiptText },
  { to: "/dashboard/refunds", name: "Refunds", icon: RotateCcw },
];
const DEVELOPER: Place[] = [
  { to: "/dashboard/webhooks", name: "Webhooks", icon: Webhook },
  { to: "/dashboard/playground", name: "Playground", icon: FlaskConical },
  { to: "/dashboard/workers", name: "Workers", icon: ServerCog },
  { to: "/dashboard/docs", name: "Docs", icon: BookOpen },
];

/** Where one can go. */
export function Nav({ onChosen }: { onChosen?: () => void }) {
  return (
    <div className="nav">
      <div className="brand">
        <Mark />
        <span className="brand__name">paygate</span>
      </div>
      <nav aria-label="Main" className="nav__places">
        <Group title="Money" places={MONEY} onChosen={onChosen} />
        <Group title="Developer" places={DEVELOPER} onChosen={onChosen} />
      </nav>
      <WorkerLight />
    </div>
  );
}

function Group({ title, places, onChosen }: { title: string; places: Place[]; onChosen: (() => void) | undefined }) {
  return (
    <div className="nav__group">
      <p className="nav__title">{title}</p>
      <ul>
        {places.map(({ to, name, icon: Icon }) => (
          <li key={to}>
            <NavLink to={to} end={to === "/dashboard"} className="nav__link" onClick={onChosen}>
              <Icon className="icon" aria-hidden />
              {name}
            </NavLink>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Whether anybody works on payments: without a worker everything stays pending. */
function WorkerLight() {
  const { data, error } = useWorkStatus();
  if (error || !data) return null;
  const isRunning = data.worker_status === "running";
  return (
    <p className={isRunning ? "light light--good" : "light light--bad"}>
      <span className="light__dot" aria-hidden />
      {isRunning ? "Worker running" : "No worker is running"}
    </p>
  );
}

export function Mark() {
  return (
    <svg className="brand__mark" viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="8" fill="currentColor" />
      <path
        d="M10 24V9h7.2a5.1 5.1 0 0 1 0 10.2H10"
        fill="none"
        stroke="var(--on-accent)"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx="17.2" cy="14.1" r="1.6" fill="var(--on-accent)" />
    </svg>
  );
}
