import { Navigate, type RouteObject } from "react-router";

import { DocsPage } from "./pages/docs/DocsPage";
import { HomePage } from "./pages/home/HomePage";
import { LoginPage } from "./pages/LoginPage";
import { NotFoundPage } from "./pages/NotFoundPage";
import { OrderPage } from "./pages/OrderPage";
import { OrdersPage } from "./pages/OrdersPage";
import { PaymentPage } from "./pages/payment/PaymentPage";
import { PlaygroundPage } from "./pages/playground/PlaygroundPage";
import { RefundsPage } from "./pages/RefundsPage";
import { TransactionsPage } from "./pages/transactions/TransactionsPage";
import { WebhooksPage } from "./pages/webhooks/WebhooksPage";
import { WorkersPage } from "./pages/WorkersPage";
import { BrokenPage } from "./shell/BrokenPage";
import { Shell } from "./shell/Shell";

export const routes: RouteObject[] = [
  {
    errorElement: <BrokenPage />,
    children: [
      { path: "/", element: <Navigate to="/login" replace /> },
      { path: "/login", element: <LoginPage /> },
      { path: "/docs", element: <Navigate to="/dashboard/docs" replace /> },
      { path: "/webhooks", element: <Navigate to="/dashboard/webhooks" replace /> },
      {
        path: "/dashboard",
        element: <Shell />,
        children: [
          { index: true, element: <HomePage /> },
          { path: "transactions", element: <TransactionsPage /> },
          { path: "transactions/:id", element: <PaymentPage /> },
          { path: "orders", element: <OrdersPage /> },
          { path: "orders/:id", element: <OrderPage /> },
          { path: "refunds", element: <RefundsPage /> },
          { path: "webhooks", element: <WebhooksPage /> },
          { path: "playground", element: <PlaygroundPage /> },
          { path: "workers", element: <WorkersPage /> },
          { path: "docs", element: <DocsPage /> },
          { path: "*", element: <NotFoundPage /> },
        ],
      },
      { path: "*", element: <NotFoundPage /> },
    ],
  },
];
