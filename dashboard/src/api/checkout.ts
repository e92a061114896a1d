/** The checkout's script. */

import { useQuery } from "@tanstack/react-query";

import { apiOrigin } from "../told";
import { ApiError } from "./client";

/** The hash of `checkout.js` as it is served now, for `integrity="…"`. */
export function useIntegrity() {
  return useQuery({
    queryKey: ["integrity"],
    queryFn: async ({ signal }): Promise<string> => {
      // A file and no route, so the API's document does not tell of it.
      const response = await fetch(`${apiOrigin()}/checkout/integrity.json`, { signal });
      if (!response.ok) throw new ApiError(response.status, "SERVER_ERROR", `The API answered ${response.status}`);
      return ((await response.json()) as Record<string, string>)["checkout.js"] ?? "";
    },
    staleTime: Infinity,
  });
}
