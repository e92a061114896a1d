/** Webhook endpoints. */

import { useQuery } from "@tanstack/react-query";

import { SELDOM_MS } from "../live/polling";
import { useAction } from "./action";
import { answer, api } from "./client";

export interface EndpointDraft {
  url: string;
  events: string[];
  description: string;
}

const LIST = "/api/v1/webhook-endpoints";
const ONE = "/api/v1/webhook-endpoints/{endpoint_id}";
const which = (id: string) => ({ path: { endpoint_id: id } });

export function useEndpoints() {
  return useQuery({
    queryKey: ["endpoints", "list"],
    queryFn: async ({ signal }) => (await answer(api.GET(LIST, { signal }))).data,
    refetchInterval: SELDOM_MS,
  });
}

export function useEndpoint(id: string) {
  return useQuery({
    queryKey: ["endpoints", id],
    queryFn: ({ signal }) => answer(api.GET(ONE, { params: which(id), signal })),
    refetchInterval: SELDOM_MS,
  });
}

export function useCreateEndpoint() {
  return useAction(
    (body: EndpointDraft) => answer(api.POST(LIST, { body })),
    () => "Endpoint added",
  );
}

export function useChangeEndpoint(id: string) {
  return useAction(
    (body: Partial<EndpointDraft>) => answer(api.PATCH(ONE, { params: which(id), body })),
    () => "Endpoint saved",
  );
}

export function useDeleteEndpoint(id: string) {
  return useAction(
    () => answer(api.DELETE(ONE, { params: which(id) })),
    () => "Endpoint removed",
  );
}

export function useRotateSecret(id: string) {
  return useAction(
    () => answer(api.POST(`${ONE}/rotate`, { params: which(id) })),
    () => null,
  );
}

export function useSwitchEndpoint(id: string) {
  return useAction(
    (isOn: boolean) => answer(api.POST(isOn ? `${ONE}/enable` : `${ONE}/disable`, { params: which(id) })),
    (_, isOn) => (isOn ? "Endpoint enabled" : "Endpoint disabled"),
  );
}

export function useTestEndpoint(id: string) {
  return useAction(
    () => answer(api.POST(`${ONE}/test`, { params: which(id), body: {} })),
    () => "Test event queued",
  );
}
