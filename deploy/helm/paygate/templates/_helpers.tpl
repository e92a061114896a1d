{{/* The name of all objects. */}}
{{- define "paygate.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* Labels of an object; .component is api, worker or migrate. Every helper is JSON on one line. */}}
{{- define "paygate.labels" -}}
{{ dict "app.kubernetes.io/name" "paygate" "app.kubernetes.io/instance" .root.Release.Name "app.kubernetes.io/component" .component "app.kubernetes.io/version" .root.Chart.AppVersion "app.kubernetes.io/managed-by" .root.Release.Service | toJson }}
{{- end }}

{{/* What selects the pods of a component. It never changes. */}}
{{- define "paygate.selector" -}}
{{ dict "app.kubernetes.io/name" "paygate" "app.kubernetes.io/instance" .root.Release.Name "app.kubernetes.io/component" .component | toJson }}
{{- end }}

{{- define "paygate.podLabels" -}}
{{ merge (include "paygate.labels" . | fromJson) .root.Values.podLabels | toJson }}
{{- end }}

{{- define "paygate.podAnnotations" -}}
{{ merge (dict "prometheus.io/scrape" "true" "prometheus.io/port" (toString .Values.metrics.port) "prometheus.io/path" "/metrics") .Values.podAnnotations | toJson }}
{{- end }}

{{- define "paygate.image" -}}
{{ printf "%s:%s" (required "Set image.repository to the image that you have built" .Values.image.repository) .Values.image.tag | toJson }}
{{- end }}

{{/* The environment of every process. Probes and services need what the chart sets, so it wins. */}}
{{- define "paygate.env" -}}
{{- $own := dict "PAYGATE_ENV" "production" "HOST" "0.0.0.0" "PORT" "8000" "PAYGATE_METRICS_HOST" "0.0.0.0" "PAYGATE_METRICS_PORT" (toString .Values.metrics.port) -}}
{{- $env := list -}}
{{- range $name, $value := .Values.settings -}}
{{- if not (kindIs "string" $value) -}}
{{- fail (printf "Put the value of settings.%s in quotes: a large number would be changed" $name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := merge $own .Values.settings -}}
{{- $env = append $env (dict "name" $name "value" $value) -}}
{{- end -}}
{{ $env | toJson }}
{{- end }}

{{- define "paygate.envFrom" -}}
{{ list (dict "secretRef" (dict "name" (required "Set existingSecret to the name of the Secret with your settings" .Values.existingSecret))) | toJson }}
{{- end }}

{{- define "paygate.podSecurity" -}}
{"runAsNonRoot": true, "runAsUser": 10001, "runAsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
{{- end }}

{{- define "paygate.containerSecurity" -}}
{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}}
{{- end }}
