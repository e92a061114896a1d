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
import { told } from "./told";
import { Notices } from "./ui/Notices";

applyTheme();

// The few styles that the dialogs put into the page carry this; see the server's
// content security policy.
const nonce = told("csp-nonce");
if (nonce) setNonce(nonce);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      // Polling tries again anyway; what the API refused, it refuses again.
      retry: (failures, error) => failures < 1 && error instanceof ApiError && error.isTemporary,
      retryDelay: 500,
    },
  },
});

// What one user saw is not the next one's to see.
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
