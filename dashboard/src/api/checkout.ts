/** The checkout's script. */

import { useQuery } from "@tanstack/react-query";

import { apiOrigin } from "../page-meta";
import { ApiError } from "./client";

/** The current hash of `checkout.js`, for `integrity="…"`. */
export function useIntegrity() {
  return useQuery({
    queryKey: ["integrity"],
    queryFn: async ({ signal }): Promise<string> => {
      // A file and not a route, so it is not in the OpenAPI document.
      const response = await fetch(`${apiOrigin()}/checkout/integrity.json`, { signal });
      if (!response.ok) throw new ApiError(response.status, "SERVER_ERROR", `The API responded with ${response.status}`);
      return ((await response.json()) as Record<string, string>)["checkout.js"] ?? "";
    },
    staleTime: Infinity,
  });
}
