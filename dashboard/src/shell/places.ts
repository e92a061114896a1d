/** The pages of the navigation. A page is listed here and in `routes.tsx`. */

import {
  ArrowLeftRight,
  BookOpen,
  Drama,
  FlaskConical,
  KeyRound,
  LayoutDashboard,
  Link,
  Puzzle,
  ReceiptText,
  RotateCcw,
  Scale,
  ScrollText,
  Send,
  ServerCog,
  Users,
  Webhook,
  type LucideIcon,
} from "lucide-react";

export interface Place {
  to: string;
  name: string;
  icon: LucideIcon;
  /** Hidden in production, where nothing is simulated. */
  isTestOnly?: boolean;
}

export interface PlaceGroup {
  title: string;
  places: Place[];
}

export const GROUPS: PlaceGroup[] = [
  {
    title: "Money",
    places: [
      { to: "/dashboard", name: "Overview", icon: LayoutDashboard },
      { to: "/dashboard/transactions", name: "Transactions", icon: ArrowLeftRight },
      { to: "/dashboard/orders", name: "Orders", icon: ReceiptText },
      { to: "/dashboard/payment-links", name: "Payment links", icon: Link },
      { to: "/dashboard/refunds", name: "Refunds", icon: RotateCcw },
      { to: "/dashboard/attention", name: "Attention", icon: Scale },
    ],
  },
  {
    title: "Events",
    places: [
      { to: "/dashboard/webhooks", name: "Webhooks", icon: Send },
      { to: "/dashboard/endpoints", name: "Endpoints", icon: Webhook },
    ],
  },
  {
    title: "Developer",
    places: [
      { to: "/dashboard/playground", name: "Playground", icon: FlaskConical },
      { to: "/dashboard/simulator", name: "Simulator", icon: Drama, isTestOnly: true },
      { to: "/dashboard/keys", name: "API keys", icon: KeyRound },
      { to: "/dashboard/docs", name: "Docs", icon: BookOpen },
    ],
  },
  {
    title: "Operations",
    places: [
      { to: "/dashboard/workers", name: "Workers", icon: ServerCog },
      { to: "/dashboard/plugins", name: "Plugins", icon: Puzzle },
    ],
  },
  {
    title: "Organisation",
    places: [
      { to: "/dashboard/team", name: "Team", icon: Users },
      { to: "/dashboard/audit", name: "Audit", icon: ScrollText },
    ],
  },
];
