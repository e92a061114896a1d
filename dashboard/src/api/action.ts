/** Mutations: the page refreshes, and a notice shows the result. */

import { useMutation, useQueryClient } from "@tanstack/react-query";

import { useNotices } from "../ui/Notices";
import { ApiError } from "./client";

/** A mutation that refreshes everything on the page, and shows the text that `say` returns. */
export function useAction<Input, Answer>(
  act: (input: Input) => Promise<Answer>,
  say: (answer: Answer, input: Input) => string | null,
) {
  const refresh = useRefresh();
  const { show } = useNotices();
  return useMutation<Answer, Error, Input>({
    mutationFn: act,
    onSuccess: (answer, input) => {
      refresh();
      const text = say(answer, input);
      if (text) show({ kind: "done", text });
    },
    onError: (error) => {
      // Fields show their own errors.
      if (!fieldOf(error)) show({ kind: "failed", text: error.message });
    },
  });
}

/** Refreshes everything on the page. */
export function useRefresh(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries();
}

/** The field of the request that an error names, if any. */
export function fieldOf(error: Error | null): string | null {
  return error instanceof ApiError ? error.field : null;
}

/** The message of an error that names this field. */
export function faultOf(error: Error | null, field: string): string | null {
  return fieldOf(error) === field ? (error?.message ?? null) : null;
}

/** Whether the API rejected the request, as opposed to not responding. */
export function isRefused(error: Error | null): boolean {
  return error instanceof ApiError && !error.isTemporary;
}
