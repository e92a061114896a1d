/** Doing something: the page refreshes, and a notice says how it went. */

import { useMutation, useQueryClient } from "@tanstack/react-query";

import { useNotices } from "../ui/Notices";
import { ApiError } from "./client";

/** A mutation that refreshes everything on the page, and shows what `say` makes of the answer. */
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
      // Fields tell their own faults.
      if (!fieldOf(error)) show({ kind: "failed", text: error.message });
    },
  });
}

/** Ask again for everything on the page, after something was done. */
export function useRefresh(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries();
}

/** The request's field that a refusal blames, if it blames one. */
export function fieldOf(error: Error | null): string | null {
  return error instanceof ApiError ? error.field : null;
}

/** The refusal's sentence, if it blames this field. */
export function faultOf(error: Error | null, field: string): string | null {
  return fieldOf(error) === field ? (error?.message ?? null) : null;
}

/** Whether the API answered that it will not, as opposed to not answering. */
export function isRefused(error: Error | null): boolean {
  return error instanceof ApiError && !error.isTemporary;
}
