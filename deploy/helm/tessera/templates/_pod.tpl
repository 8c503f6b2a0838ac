{{/* What every pod has: no rights, no token, no variables of other services, spread over zones and hosts. */}}
{{- define "tessera.pod" -}}
serviceAccountName: {{ include "tessera.fullname" .root }}-{{ .service }}
automountServiceAccountToken: false
# Kubernetes would set TESSERA_…_SERVICE_HOST for every Service, and Tessera refuses settings that it does not know.
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- $context := . }}
{{- $spread := .root.Values.topologySpread }}
{{- if or $spread.zone $spread.host }}
topologySpreadConstraints:
  {{- range $key, $when := dict "topology.kubernetes.io/zone" $spread.zone "kubernetes.io/hostname" $spread.host }}
  {{- if $when }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $when }}
    labelSelector:
      matchLabels: {{- include "tessera.selector" $context | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Alive: the event loop turns. Ready: of a stage that it is assigned, of ingestion and decisions that their doors are open. */}}
{{- define "tessera.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: ops }
  periodSeconds: {{ .Values.probes.periodSeconds }}
  timeoutSeconds: {{ .Values.probes.timeoutSeconds }}
  failureThreshold: {{ div (add .Values.probes.startupSeconds (sub .Values.probes.periodSeconds 1)) .Values.probes.periodSeconds }}
livenessProbe:
  httpGet: { path: /livez, port: ops }
  periodSeconds: {{ .Values.probes.periodSeconds }}
  timeoutSeconds: {{ .Values.probes.timeoutSeconds }}
  failureThreshold: {{ .Values.probes.livenessFailures }}
readinessProbe:
  httpGet: { path: /readyz, port: ops }
  periodSeconds: {{ .Values.probes.periodSeconds }}
  timeoutSeconds: {{ .Values.probes.timeoutSeconds }}
  failureThreshold: {{ .Values.probes.readinessFailures }}
{{- end }}
