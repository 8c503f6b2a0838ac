{{/* Names, labels and the table of the services. */}}

{{/* What each service has: doors, stages with the topic that each reads. */}}
{{- define "tessera.table" -}}
ingestion: { http: true, grpc: false, stages: {} }
identity: { http: false, grpc: true, stages: { identity: events, graph: links } }
features: { http: false, grpc: false, stages: { features: events } }
segments: { http: true, grpc: true, stages: { segments: fragments } }
decisions: { http: true, grpc: true, stages: {} }
{{- end }}

{{- define "tessera.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "tessera.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end }}

{{/* Labels that never change: context, with `service` where one is meant. */}}
{{- define "tessera.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .service }}
app.kubernetes.io/component: {{ . | quote }}
{{- end }}
{{- end }}

{{- define "tessera.labels" -}}
{{ include "tessera.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: tessera
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
{{- end }}

{{/* Name of the Secret with the password of the brokers' user: Strimzi's where it makes the user. */}}
{{- define "tessera.kafkaSecret" -}}
{{- if and .Values.strimzi.enabled .Values.strimzi.user.enabled (not .Values.kafka.saslPassword.existingSecret) -}}
{{- include "tessera.fullname" . -}}
{{- else -}}
{{- required "kafka.saslPassword.existingSecret is empty: name the Secret with the password of kafka.saslUsername, or set kafka.securityProtocol to PLAINTEXT or SSL" .Values.kafka.saslPassword.existingSecret -}}
{{- end -}}
{{- end }}

{{- define "tessera.kafkaUser" -}}
{{- if and .Values.strimzi.enabled .Values.strimzi.user.enabled (not .Values.kafka.saslUsername) -}}
{{- include "tessera.fullname" . -}}
{{- else -}}
{{- required "kafka.saslUsername is empty: name the user of the brokers, or set kafka.securityProtocol to PLAINTEXT or SSL" .Values.kafka.saslUsername -}}
{{- end -}}
{{- end }}

{{- define "tessera.usesSasl" -}}
{{- if hasPrefix "SASL_" .Values.kafka.securityProtocol }}true{{ end -}}
{{- end }}
