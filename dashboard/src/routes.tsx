import type { ComponentType } from "react";
import { Navigate, type RouteObject } from "react-router";

import { LoginPage } from "./pages/login/LoginPage";
import { NotFoundPage } from "./pages/NotFoundPage";
import { BrokenPage } from "./shell/BrokenPage";
import { Opening, Shell } from "./shell/Shell";

/** A page that is loaded when it is opened. */
function page(path: string, load: () => Promise<ComponentType>): RouteObject {
  return { path, lazy: async () => ({ Component: await load() }) };
}

const PAGES: RouteObject[] = [
  page("", async () => (await import("./pages/home/HomePage")).HomePage),
  page("transactions", async () => (await import("./pages/transactions/TransactionsPage")).TransactionsPage),
  page("transactions/:id", async () => (await import("./pages/payment/PaymentPage")).PaymentPage),
  page("orders", async () => (await import("./pages/orders/OrdersPage")).OrdersPage),
  page("orders/:id", async () => (await import("./pages/orders/OrderPage")).OrderPage),
  page("payment-links", async () => (await import("./pages/links/LinksPage")).LinksPage),
  page("attention", async () => (await import("./pages/attention/AttentionPage")).AttentionPage),
  page("refunds", async () => (await import("./pages/refunds/RefundsPage")).RefundsPage),
  page("webhooks", async () => (await import("./pages/webhooks/WebhooksPage")).WebhooksPage),
  page("webhooks/:id", async () => (await import("./pages/webhooks/DeliveryPage")).DeliveryPage),
  page("endpoints", async () => (await import("./pages/endpoints/EndpointsPage")).EndpointsPage),
  page("endpoints/:id", async () => (await import("./pages/endpoints/EndpointPage")).EndpointPage),
  page("simulator", async () => (await import("./pages/simulator/SimulatorPage")).SimulatorPage),
  page("playground", async () => (await import("./pages/playground/PlaygroundPage")).PlaygroundPage),
  page("keys", async () => (await import("./pages/keys/KeysPage")).KeysPage),
  page("docs", async () => (await import("./pages/docs/DocsPage")).DocsPage),
  page("workers", async () => (await import("./pages/workers/WorkersPage")).WorkersPage),
  page("plugins", async () => (await import("./pages/plugins/PluginsPage")).PluginsPage),
  page("plugins/:id", async () => (await import("./pages/plugins/PluginPage")).PluginPage),
  page("audit", async () => (await import("./pages/audit/AuditPage")).AuditPage),
  page("team", async () => (await import("./pages/team/TeamPage")).TeamPage),
  page("account", async () => (await import("./pages/account/AccountPage")).AccountPage),
  { path: "*", element: <NotFoundPage /> },
];

export const routes: RouteObject[] = [
  {
    errorElement: <BrokenPage />,
    // While the first page is loading.
    HydrateFallback: Opening,
    children: [
      { path: "/", element: <Navigate to="/login" replace /> },
      { path: "/login", element: <LoginPage /> },
      { path: "/docs", element: <Navigate to="/dashboard/docs" replace /> },
      { path: "/webhooks", element: <Navigate to="/dashboard/webhooks" replace /> },
      { path: "/dashboard", element: <Shell />, children: PAGES },
      { path: "*", element: <NotFoundPage /> },
    ],
  },
];
