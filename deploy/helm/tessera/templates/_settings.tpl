{{/* Settings of every service as environment variables: TESSERA_* of libs/service, OTEL_* of OpenTelemetry. */}}
{{- define "tessera.settings" -}}
{{- $brokers := required "kafka.brokers is empty: name at least one broker as host:port" .Values.kafka.brokers -}}
TESSERA_HOST: 0.0.0.0
TESSERA_HTTP_PORT: '8080'
TESSERA_GRPC_PORT: '9090'
TESSERA_OPS_PORT: '9464'
TESSERA_LOG: kafka
TESSERA_LOG_LEVEL: {{ .Values.logLevel | quote }}
TESSERA_PARTITIONS: {{ .Values.partitions | quote }}
TESSERA_STOP_WITHIN: {{ printf "%ds" (int .Values.stopWithinSeconds) | quote }}
TESSERA_TOPIC_PREFIX: {{ .Values.topicPrefix | quote }}
TESSERA_STORE: mongo
TESSERA_MONGO_URI_FILE: /run/tessera/mongo-uri
TESSERA_CREDENTIALS_FILE: /run/tessera/credentials.json
TESSERA_KAFKA_BROKERS: {{ join "," $brokers | quote }}
TESSERA_KAFKA_CLIENT: {{ .Values.kafka.client | quote }}
TESSERA_KAFKA_REPLICAS: {{ .Values.kafka.replicas | quote }}
TESSERA_KAFKA_SECURITY_PROTOCOL: {{ .Values.kafka.securityProtocol | quote }}
{{- if include "tessera.usesSasl" . }}
TESSERA_KAFKA_SASL_MECHANISM: {{ .Values.kafka.saslMechanism | quote }}
TESSERA_KAFKA_SASL_USERNAME: {{ include "tessera.kafkaUser" . | quote }}
TESSERA_KAFKA_SASL_PASSWORD_FILE: /run/tessera/kafka-password
{{- end }}
{{- if .Values.kafka.ca.existingSecret }}
TESSERA_KAFKA_SSL_CA_FILE: /run/tessera/kafka-ca.crt
{{- end }}
{{- if .Values.tls.existingSecret }}
TESSERA_TLS_CERT: /run/tessera/tls.crt
TESSERA_TLS_KEY: /run/tessera/tls.key
{{- if .Values.tls.caKey }}
TESSERA_TLS_CA: /run/tessera/tls-ca.crt
{{- end }}
{{- end }}
{{- with .Values.publicUrl }}
TESSERA_PUBLIC_URL: {{ . | quote }}
{{- end }}
{{- with .Values.telemetry.otlpEndpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
OTEL_TRACES_SAMPLER: parentbased_traceidratio
OTEL_TRACES_SAMPLER_ARG: {{ $.Values.telemetry.sampleRatio | quote }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Secrets as files of one volume: what a service reads lies under /run/tessera. */}}
{{- define "tessera.secrets" -}}
- secret:
    name: {{ required "credentials.existingSecret is empty: name the Secret with credentials.json" .Values.credentials.existingSecret | quote }}
    items: [{ key: {{ .Values.credentials.key | quote }}, path: credentials.json }]
- secret:
    name: {{ required "mongo.uri.existingSecret is empty: name the Secret with the connection string of MongoDB" .Values.mongo.uri.existingSecret | quote }}
    items: [{ key: {{ .Values.mongo.uri.key | quote }}, path: mongo-uri }]
{{- if include "tessera.usesSasl" . }}
- secret:
    name: {{ include "tessera.kafkaSecret" . | quote }}
    items: [{ key: {{ .Values.kafka.saslPassword.key | quote }}, path: kafka-password }]
{{- end }}
{{- with .Values.kafka.ca }}
{{- if .existingSecret }}
- secret:
    name: {{ .existingSecret | quote }}
    items: [{ key: {{ .key | quote }}, path: kafka-ca.crt }]
{{- end }}
{{- end }}
{{- with .Values.tls }}
{{- if .existingSecret }}
- secret:
    name: {{ .existingSecret | quote }}
    items:
      - { key: {{ .certKey | quote }}, path: tls.crt }
      - { key: {{ .keyKey | quote }}, path: tls.key }
      {{- if .caKey }}
      - { key: {{ .caKey | quote }}, path: tls-ca.crt }
      {{- end }}
{{- end }}
{{- end }}
{{- end }}
