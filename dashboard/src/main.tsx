import "./styles/index.css";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, RouterProvider } from "react-router";

import { ApiError } from "./api/client";
import { routes } from "./routes";
import { onSessionChange, readSession } from "./session";
import { applyTheme } from "./theme";
import { readMeta } from "./page-meta";
import { Notices } from "./ui/Notices";

applyTheme();

// The nonce of the server's content security policy, for the styles that dialogs add
// to the page.
const nonce = readMeta("csp-nonce");
if (nonce) setNonce(nonce);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      // Polling retries anyway; a rejected request would be rejected again.
      retry: (failures, error) => failures < 1 && error instanceof ApiError && error.isTemporary,
      retryDelay: 500,
    },
  },
});

// The next user must not see the data of the previous one.
onSessionChange(() => readSession() ?? queries.clear());

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Notices>
        <RouterProvider router={createBrowserRouter(routes)} />
      </Notices>
    </QueryClientProvider>
  </StrictMode>,
);
