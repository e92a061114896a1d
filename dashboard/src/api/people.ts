/** The users of the team, and the API keys. */

import { useQuery } from "@tanstack/react-query";

import { useAction } from "./action";
import { answer, api } from "./client";
import type { KeyRequest, UserChangeRequest, UserRequest } from "./schema";

export function useTeam() {
  return useQuery({
    queryKey: ["team"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/v1/team", { signal }))).data,
  });
}

export function useInvite() {
  return useAction(
    (body: UserRequest) => answer(api.POST("/api/v1/team", { body })),
    () => "Added to the team",
  );
}

export function useChangeMember() {
  return useAction(
    ({ id, ...body }: UserChangeRequest & { id: string }) =>
      answer(api.PATCH("/api/v1/team/{user_id}", { params: { path: { user_id: id } }, body })),
    ({ email }) => `Saved for ${email}`,
  );
}

export function useNewPassword() {
  return useAction(
    ({ id }: { id: string }) =>
      answer(api.POST("/api/v1/team/{user_id}/password", { params: { path: { user_id: id } } })),
    () => null,
  );
}

export function useKeys() {
  return useQuery({
    queryKey: ["keys"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/v1/keys", { signal }))).data,
  });
}

export function useCreateKey() {
  return useAction(
    (body: KeyRequest) => answer(api.POST("/api/v1/keys", { body })),
    () => null,
  );
}

export function useRevokeKey() {
  return useAction(
    ({ id }: { id: string }) => answer(api.DELETE("/api/v1/keys/{key_id}", { params: { path: { key_id: id } } })),
    ({ label }) => `“${label}” is revoked`,
  );
}
