// Kafka Streams by the book: the KPIs of kpi.py on a key-value store with a changelog.
//
//   KStreamsPeer run|recover BOOTSTRAP TOPIC EVENTS APP memory|rocksdb GUARANTEE FOLDER
//
// Prints one line, RESULT and JSON: what it computed, or how long its restore took.

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

public class KStreamsPeer {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String STORE = "tickets";
    static final long CACHE_BYTES = 10L << 20;
    static final int COMMIT_MS = 1000;
    static final long[] BOUNDS_S = {
        60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800, 2592000
    };

    @JsonIgnoreProperties(ignoreUnknown = true)
    public static class Data {
        public String status, queue, priority, assignee, channel;
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    public static class Event {
        public String id, source, type, subject, time;
        public long sequence;
        public Data data;
    }

    public static class Ticket {
        public String status = "", queue = "", priority;
        public int reopens;
        public long created_ms, first_response_ms, resolved_ms, seq = -1;
    }

    static long total, events, created, responded, resolved, reopened, skipped;
    static final Map<String, Long> open = new TreeMap<>();
    static final Map<String, long[]> responses = new TreeMap<>(), resolutions = new TreeMap<>();
    static double[] began, ended;
    static final CountDownLatch finished = new CountDownLatch(1);
    static final OperatingSystemMXBean SYSTEM =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** The time, and the CPU time of the whole process, seconds. */
    static double[] instant() {
        return new double[] {System.nanoTime() / 1e9, SYSTEM.getProcessCpuTime() / 1e9};
    }

    static void observe(Map<String, long[]> histograms, String priority, long seconds) {
        int bucket = 0;
        while (bucket < BOUNDS_S.length && BOUNDS_S[bucket] < seconds) bucket++;
        histograms.computeIfAbsent(priority, key -> new long[BOUNDS_S.length + 1])[bucket]++;
    }

    static boolean done(String status) {
        return status.equals("resolved") || status.equals("closed");
    }

    static class Kpis implements Processor<String, Event, Void, Void> {
        KeyValueStore<String, Ticket> store;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            store = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<String, Event> record) {
            if (events++ == 0) began = instant();
            Event event = record.value();
            long at = Instant.parse(event.time).toEpochMilli();
            Ticket ticket = store.get(record.key());
            if (ticket == null) {
                ticket = new Ticket();
                ticket.created_ms = at;
                if (event.type.equals("ticket.created")) created++;
            }
            if (event.sequence <= ticket.seq) {
                skipped++;
            } else {
                fold(ticket, event, at);
                store.put(record.key(), ticket);
            }
            if (events == total) {
                ended = instant();
                finished.countDown();
            }
        }

        static void fold(Ticket ticket, Event event, long at) {
            String old = ticket.status, oldQueue = ticket.queue;
            String status = event.data.status, queue = event.data.queue;
            boolean was = !old.isEmpty() && !done(old), now = !done(status);
            if (was != now || !oldQueue.equals(queue)) {
                if (was) open.merge(oldQueue, -1L, Long::sum);
                if (now) open.merge(queue, 1L, Long::sum);
            }
            long seconds = (at - ticket.created_ms) / 1000;
            if (old.equals("new") && !status.equals("new") && ticket.first_response_ms == 0) {
                ticket.first_response_ms = at;
                responded++;
                observe(responses, event.data.priority, seconds);
            }
            if (!now && ticket.resolved_ms == 0) {
                ticket.resolved_ms = at;
                resolved++;
                observe(resolutions, event.data.priority, seconds);
            } else if (now && done(old)) {
                ticket.reopens++;
                ticket.resolved_ms = 0;
                reopened++;
            }
            ticket.status = status;
            ticket.queue = queue;
            ticket.priority = event.data.priority;
            ticket.seq = event.sequence;
        }
    }

    static <T> Serde<T> json(Class<T> type) {
        var writer = JSON.writerFor(type);
        var reader = JSON.readerFor(type);
        return Serdes.serdeFrom(
            (topic, value) -> {
                try {
                    return value == null ? null : writer.writeValueAsBytes(value);
                } catch (IOException error) {
                    throw new UncheckedIOException(error);
                }
            },
            (topic, bytes) -> {
                try {
                    return bytes == null ? null : reader.readValue(bytes);
                } catch (IOException error) {
                    throw new UncheckedIOException(error);
                }
            });
    }

    static Topology topology(String topic, boolean memory) {
        var tickets = Stores.keyValueStoreBuilder(
                memory ? Stores.inMemoryKeyValueStore(STORE) : Stores.persistentKeyValueStore(STORE),
                Serdes.String(), json(Ticket.class))
            .withCachingEnabled()
            .withLoggingEnabled(Map.of());
        return new Topology()
            .addSource("in", Serdes.String().deserializer(), json(Event.class).deserializer(), topic)
            .addProcessor("kpis", Kpis::new, "in")
            .addStateStore(tickets, "kpis");
    }

    static Properties settings(String bootstrap, String app, String guarantee, String folder) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, app);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, CACHE_BYTES);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, COMMIT_MS);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
        settings.put("auto.offset.reset", "earliest");
        return settings;
    }

    static double peakRssMb() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status")))
            if (line.startsWith("VmHWM")) return Long.parseLong(line.split("\\s+")[1]) * 1024 / 1e6;
        return 0;
    }

    static void report(Map<String, Object> found) throws IOException {
        found.put("rss_mb", peakRssMb());
        System.out.println("RESULT " + JSON.writeValueAsString(found));
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    static Map<String, Object> outcome() {
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("events", events);
        found.put("events_per_s", events / (ended[0] - began[0]));
        found.put("events_per_cpu_s", events / (ended[1] - began[1]));
        found.put("created", created);
        found.put("responded", responded);
        found.put("resolved", resolved);
        found.put("reopened", reopened);
        found.put("skipped", skipped);
        open.values().removeIf(number -> number == 0);
        found.put("open_sum", open.values().stream().mapToLong(Long::longValue).sum());
        found.put("open", open);
        found.put("fr", responses);
        found.put("res", resolutions);
        return found;
    }

    static StateRestoreListener counting(AtomicLong restored) {
        return new StateRestoreListener() {
            @Override
            public void onRestoreStart(TopicPartition from, String store, long begin, long end) {}

            @Override
            public void onBatchRestored(TopicPartition from, String store, long end, long number) {
                restored.addAndGet(number);
            }

            @Override
            public void onRestoreEnd(TopicPartition from, String store, long number) {}
        };
    }

    public static void main(String[] arguments) throws Exception {
        boolean recover = arguments[0].equals("recover");
        total = Long.parseLong(arguments[3]);
        KafkaStreams streams = new KafkaStreams(
            topology(arguments[2], arguments[5].equals("memory")),
            settings(arguments[1], arguments[4], arguments[6], arguments[7]));
        AtomicLong restored = new AtomicLong();
        CountDownLatch ready = new CountDownLatch(1);
        streams.setGlobalStateRestoreListener(counting(restored));
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) ready.countDown();
        });
        long started = System.nanoTime();
        streams.start();
        if (recover) {
            ready.await();
            Map<String, Object> found = new LinkedHashMap<>();
            found.put("seconds", (System.nanoTime() - started) / 1e9);
            found.put("tickets", restored.get());
            report(found);
        }
        finished.await();
        streams.close(); // commits
        report(outcome());
    }
}
